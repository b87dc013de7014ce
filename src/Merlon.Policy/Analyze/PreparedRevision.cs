using System.Collections.Immutable;
using Merlon.Policy.Compile;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Analyze;

/// <summary>A revision resolved as if all VMs were on one host: the answers are the same, since at its own addresses a vNIC is known to
/// others by address and by identity alike.</summary>
internal sealed class PreparedRevision
{
    public PreparedRevision(Revision revision, long at)
    {
        Policy = revision.Policy;
        Vms = new([.. revision.Vms.Vms.Select(v => v with { Host = "" })]);
        Host = Resolver.Resolve(Policy, Vms, "", 0, at).Policy;
        Rules = new(Host, at);
    }

    public PolicySet Policy { get; }

    public VmInventory Vms { get; }

    public HostPolicy Host { get; }

    public RuleTable Rules { get; }

    public ImmutableArray<string> Realms => [.. Host.Nics.Select(n => Host.Endpoints[n.Endpoint].Realm).Distinct().Order(StringComparer.Ordinal)];
}
