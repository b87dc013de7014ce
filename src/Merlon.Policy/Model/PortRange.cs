using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>Ports, both ends included.</summary>
public readonly record struct PortRange(int Low, int High)
{
    public const int Most = 65535;

    /// <summary>Where Linux takes the ports of those that connect out (net.ipv4.ip_local_port_range).</summary>
    public static PortRange Ephemeral { get; } = new(32768, 60999);

    public static PortRange All { get; } = new(0, Most);

    public bool Touches(int low, int high) => Low <= high && low <= High;

    public override string ToString() => FormattableString.Invariant($"{Low}-{High}");

    public bool Contains(int port) => port >= Low && port <= High;

    /// <summary>Ascending, and none that touches the next.</summary>
    public static ImmutableArray<PortRange> Merged(IEnumerable<PortRange> ranges)
    {
        var merged = new List<PortRange>();
        foreach (var range in ranges.OrderBy(r => r.Low))
            if (merged.Count > 0 && range.Low <= merged[^1].High + 1) merged[^1] = merged[^1] with { High = Math.Max(merged[^1].High, range.High) };
            else merged.Add(range);
        return [.. merged];
    }
}
