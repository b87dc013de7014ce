using System.Collections.Immutable;

namespace Merlon.Policy.Resolve;

/// <summary>One host's whole policy, resolved: everything its agent needs, names included, nothing local to a host.
/// Pure value: the same manifests and inventory give the same HostPolicy, in the same order.</summary>
/// <param name="Sequence">Grows with every HostPolicy of an installation, rollbacks too.</param>
/// <param name="Endpoints">Every vNIC of the inventory that a set names or that is guarded, ordered by key.</param>
/// <param name="Nics">The guarded vNICs of this host, ordered by key.</param>
/// <param name="Sets">Distinct endpoint sets that rules name, by index.</param>
/// <param name="RuleLists">Distinct ordered rule lists, by index.</param>
public sealed record HostPolicy(
    ulong Sequence,
    ImmutableArray<PolicyEndpoint> Endpoints,
    ImmutableArray<PolicyNic> Nics,
    ImmutableArray<EndpointSet> Sets,
    ImmutableArray<RuleList> RuleLists)
{
    public static HostPolicy Empty { get; } = new(0, [], [], [], []);

    /// <summary>What ends this policy by itself; null = it stays until a newer one comes.</summary>
    public Trial? Trial { get; init; }

    /// <summary>For live connections that this sequence forbids; null = they are cut.</summary>
    public ConnectionStep? Connections { get; init; }

    /// <summary>What judges at <paramref name="at"/> (Unix seconds).</summary>
    public HostPolicy At(long at) => Trial is { } trial && at >= trial.ConfirmBy ? trial.Fallback : this;

    /// <summary>The first instant after <paramref name="at"/> (Unix seconds) at which a rule or the trial starts or ends: compile again then. Null = never.</summary>
    public long? NextChange(long at)
    {
        if (Trial is { } trial && at >= trial.ConfirmBy) return trial.Fallback.NextChange(at);
        long? next = Trial?.ConfirmBy;
        foreach (var interval in RuleLists.SelectMany(l => l.Rules).SelectMany(r => r.Active))
        {
            if (interval.From > at && (next is null || interval.From < next)) next = interval.From;
            if (interval.To > at && interval.To != long.MaxValue && (next is null || interval.To < next)) next = interval.To;
        }
        return next;
    }
}
