using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>The narrowest words of the language for ends that were seen: groups, VMs, addresses, prefixes.</summary>
internal sealed class NarrowEnds(Revision revision)
{
    /// <summary>So many VMs or addresses are named one by one.</summary>
    private const int Few = 4;

    private readonly Dictionary<GroupDocument, VmNic[]> _members = new(ReferenceEqualityComparer.Instance);

    public VmNic[] Members(GroupDocument group)
    {
        if (!_members.TryGetValue(group, out var members)) _members.Add(group, members = [.. GroupMembers.Of(revision.Policy, group, revision.Vms)]);
        return members;
    }

    /// <summary>A bare address that a VM owns in the other end's realm is that VM.</summary>
    public PlainParty Party(EndpointRef own, EndpointRef other)
    {
        var nic = own.Nic is { } key ? revision.Vms.Find(key) : null;
        var realm = other.Nic is { } peer ? revision.Vms.Find(peer)?.Nic.Realm : null;
        nic ??= own.Nic is null ? revision.Vms.Owner(realm ?? InventoryNic.DefaultRealm, own.Address) : null;
        return nic is null ? new(null, own.Address) : PlainParty.Of(nic, own.Address);
    }

    public IEnumerable<string> Names(IReadOnlyCollection<PlainParty> seen) =>
        Vms([.. seen.Select(p => p.Nic).OfType<VmNic>().DistinctBy(n => n.Key)]).Concat(Addresses([.. seen.Where(p => p.Nic is null).Select(p => p.Address).OfType<Address>().Distinct().Order()]));

    /// <summary>The smallest group that has them all and no other, or of many the smallest around them.</summary>
    private IEnumerable<string> Vms(VmNic[] seen)
    {
        if (seen.Length == 0) return [];
        var keys = seen.Select(n => n.Key).ToHashSet();
        var around = revision.Policy.Groups.Select(g => (Group: g, Members: Members(g))).Where(g => keys.IsSubsetOf(g.Members.Select(n => n.Key)))
            .OrderBy(g => g.Members.Length).ThenBy(g => g.Group.Ref, StringComparer.Ordinal).FirstOrDefault();
        if (around.Group is { } group && (around.Members.Length == keys.Count || keys.Count > Few)) return [$"group/{group.Tenant}/{group.Name}"];
        return seen.Select(n => $"vm/{n.Vm.Name}").Distinct().Order(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Addresses(Address[] seen) => seen.GroupBy(a => a.Family).OrderBy(g => g.Key)
        .SelectMany(g => g.Count() <= Few ? g.Select(a => $"cidr/{Prefix.Of(a)}") : [$"cidr/{Around(g.First(), g.Last())}"]);

    private static Prefix Around(Address low, Address high)
    {
        var length = low.Width;
        while (length > 0 && !new Prefix(low with { Bits = Prefix.Mask(low.Bits, low.Width, length) }, length).Contains(high)) length--;
        return new(low with { Bits = Prefix.Mask(low.Bits, low.Width, length) }, length);
    }
}
