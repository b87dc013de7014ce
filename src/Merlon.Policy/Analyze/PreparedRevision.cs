using System.Collections.Immutable;
using Merlon.Policy.Compile;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Analyze;

/// <summary>A revision resolved as if all VMs were on one host: the rules' answers are the same, since at its own addresses a vNIC is known to
/// others by address and by identity alike.</summary>
internal sealed class PreparedRevision
{
    private readonly VmInventory _placed;

    public PreparedRevision(Revision revision, long at)
    {
        (Policy, _placed) = (revision.Policy, revision.Vms);
        Vms = new([.. revision.Vms.Vms.Select(v => v with { Host = "" })]);
        Host = Resolver.Resolve(Policy, Vms, "", 0, at).Policy;
        Rules = new(Host, at);
    }

    public PolicySet Policy { get; }

    public VmInventory Vms { get; }

    public HostPolicy Host { get; }

    public RuleTable Rules { get; }

    /// <summary>Where a vNIC really is: those of one segment of one host see each other's MAC.</summary>
    public string? Segment(NicKey key, PolicyNic nic) => _placed.Find(key) is { } placed ? $"{placed.Vm.Host}\n{nic.SegmentOf(key)}" : null;

    public ImmutableArray<string> Realms => [.. Host.Nics.Select(n => Host.Endpoints[n.Endpoint].Realm).Distinct().Order(StringComparer.Ordinal)];
}
