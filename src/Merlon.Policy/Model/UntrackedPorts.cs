using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary><see cref="UntrackedServices"/> resolved to ports; ascending, and no range touches the next.</summary>
public sealed record UntrackedPorts(ImmutableArray<PortRange> Serves, ImmutableArray<PortRange> Asks)
{
    /// <summary>Ranges of one list.</summary>
    public const int MostRanges = 64;

    public static UntrackedPorts None { get; } = new([], []);

    public bool IsNone => Serves.IsEmpty && Asks.IsEmpty;

    /// <summary>Both at once is neither: such a packet could be taken for its own answer.</summary>
    public UntrackedRole Role(int own, int other)
    {
        var (serves, asks) = (Serves.Any(r => r.Contains(own)), Asks.Any(r => r.Contains(other)));
        return serves == asks ? UntrackedRole.None : serves ? UntrackedRole.Serves : UntrackedRole.Asks;
    }

    /// <summary>Some packets of the service pass without a connection.</summary>
    public bool Touches(ServiceMatch service) => service.Protocol is < 0 or Protocols.Tcp
        && Serves.Concat(Asks).Any(r => r.Touches(service.Low, service.High));

    public override string ToString() => $"{string.Join(',', Serves)}/{string.Join(',', Asks)}";

    public bool Equals(UntrackedPorts? other) => other is not null && Serves.SequenceEqual(other.Serves) && Asks.SequenceEqual(other.Asks);

    public override int GetHashCode() => Serves.Concat(Asks).Aggregate(Serves.Length, HashCode.Combine);
}
