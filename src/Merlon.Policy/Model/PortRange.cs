using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>Ports, both ends included.</summary>
public readonly record struct PortRange(int Low, int High)
{
    public const int Most = 65535;

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
