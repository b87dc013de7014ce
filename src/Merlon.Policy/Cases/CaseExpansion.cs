using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Cases;

/// <summary>The packets of a case, or why there are none.</summary>
public sealed class CaseExpansion(PolicySet policy, VmInventory inventory)
{
    private readonly CaseEnds _ends = new(policy, inventory);
    private readonly CaseServices _services = new(policy);
    private readonly Dictionary<NicKey, bool> _guarded = [];

    /// <summary>Always in the same order; all pairs, all families both ends have. Pairs with no guarded end only when there are no others.</summary>
    public IEnumerable<FlowQuestion> Expand(CaseRow row, out string? problem)
    {
        var tenant = row.Tenant == Document.Platform ? null : row.Tenant;
        var from = _ends.Of(row.From, tenant, out problem);
        var to = problem is null ? _ends.Of(row.To, tenant, out problem) : null;
        var services = problem is null ? _services.Of(row.Service, tenant, row.SourcePort, out problem) : null;
        if (problem is not null) return [];
        var packets = Packets(from!, to!, services!, row.At ?? 0, guarded: true);
        if (!packets.Any()) packets = Packets(from!, to!, services!, row.At ?? 0, guarded: false);
        if (!packets.Any()) problem = "means no packet: no such member, no address family in common, or one vNIC at both ends";
        return packets;
    }

    private IEnumerable<FlowQuestion> Packets(
        IReadOnlyList<EndpointRef> @from, IReadOnlyList<EndpointRef> to, IReadOnlyList<(int Protocol, int Destination, int Source)> services, long at, bool guarded) =>
        from source in @from
        from target in to
        where Meet(source, target, guarded)
        from s in services
        where source.Address.Family == AddressFamily.IPv4 ? s.Protocol != Protocols.Icmp6 : s.Protocol != Protocols.Icmp
        select new FlowQuestion(source, target, s.Protocol, s.Destination, s.Source, at);

    /// <summary>One family, one realm, two ends.</summary>
    private bool Meet(EndpointRef from, EndpointRef to, bool guarded)
    {
        if (from.Address.Family != to.Address.Family || from.Address == to.Address) return false;
        var (f, t) = FlowParties.Of(inventory, new(from, to, 0, 0, 0, 0));
        if (f is not null && t is not null && (f.Key == t.Key || f.Nic.Realm != t.Nic.Realm)) return false;
        return guarded == (IsGuarded(f) || IsGuarded(t));
    }

    private bool IsGuarded(VmNic? nic)
    {
        if (nic is null) return false;
        if (!_guarded.TryGetValue(nic.Key, out var guarded)) _guarded.Add(nic.Key, guarded = PlainEvaluator.IsGuarded(policy, nic));
        return guarded;
    }
}
