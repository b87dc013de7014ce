using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>What passes a vNIC without a connection, as its Guard writes it: TCP services only.</summary>
/// <param name="Serves">The VM listens on these.</param>
/// <param name="Asks">The VM connects out to these.</param>
public sealed record UntrackedServices(ImmutableArray<ServiceTerm> Serves, ImmutableArray<ServiceTerm> Asks)
{
    public static UntrackedServices None { get; } = new([], []);

    public bool IsNone => Serves.IsEmpty && Asks.IsEmpty;

    /// <summary>TCP, some of its ports, from any source port: a service whose packets can be told apart both ways.</summary>
    public static bool MayList(ServiceMatch match) =>
        match is { Protocol: Protocols.Tcp, SourceLow: 0, SourceHigh: PortRange.Most } && (match.Low > 0 || match.High < PortRange.Most);
}
