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
}
