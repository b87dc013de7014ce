using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Cases;

/// <summary>Who a name in a case means: vNICs at their own addresses, then outside addresses, one at least of every region that the
/// policy tells apart. So what holds for these holds for every address.</summary>
internal sealed class CaseEnds
{
    /// <summary>Addresses of documentation (RFC 5737, RFC 3849): somebody whom no policy knows.</summary>
    private static readonly Address[] Strangers = [Address.Parse("198.51.100.7"), Address.Parse("2001:db8:ffff::7")];

    private readonly PolicySet _policy;
    private readonly VmInventory _inventory;
    private readonly PlainMembership _members;
    private readonly Address[] _edges;

    public CaseEnds(PolicySet policy, VmInventory inventory)
    {
        (_policy, _inventory, _members) = (policy, inventory, new(policy));
        var prefixes = PolicyEdges.Prefixes(policy).Concat(inventory.Nics.SelectMany(n => n.Nic.Addresses).Select(Prefix.Of)).Distinct();
        _edges = [.. Strangers.Concat(prefixes.SelectMany(PolicyEdges.Around).Where(a => a.IsOwnable).Distinct().Order()).Distinct()];
    }

    /// <summary>Null and a problem for a name that means nobody or several.</summary>
    public IReadOnlyList<EndpointRef>? Of(string text, string? tenant, out string? problem)
    {
        if (CaseEnd.Parse(text, default, out var wrong) is not { } reference)
        {
            problem = wrong!.Message;
            return null;
        }
        problem = null;
        switch (reference.Kind)
        {
            case ReferenceKind.Any: return [.. Nics(_ => true), .. _edges.Select(Bare)];
            case ReferenceKind.Vm: return Vm(reference.Name, tenant, out problem);
            case ReferenceKind.Cidr: return [.. Within(reference.Prefix).Select(Bare)];
            default: return Group(reference, tenant, out problem);
        }
    }

    private List<EndpointRef>? Vm(string name, string? tenant, out string? problem)
    {
        var vms = _inventory.Named(name, tenant).ToArray();
        problem = vms.Length switch
        {
            0 => $"no VM is named '{name}'",
            1 => null,
            _ => $"several VMs are named '{name}': use the UUID",
        };
        return problem is null ? [.. Nics(p => p.Nic!.Vm.Uuid == vms[0].Uuid)] : null;
    }

    private List<EndpointRef>? Group(Reference reference, string? tenant, out string? problem)
    {
        var scope = tenant ?? (reference.Tenant.Length > 0 ? Document.Platform : null);
        var groups = scope is not null
            ? new[] { _policy.Group(scope, reference) }.OfType<GroupDocument>().ToArray()
            : _policy.Groups.Where(g => g.Name == reference.Name).ToArray();
        problem = groups.Length switch
        {
            0 => $"{reference} does not exist",
            1 => null,
            _ => $"{reference} exists in several tenants: use group/TENANT/NAME",
        };
        if (problem is not null) return null;
        return [.. Nics(p => _members.InGroup(groups[0], p)), .. _edges.Where(a => _members.InGroup(groups[0], new(null, a))).Select(Bare)];
    }

    private IEnumerable<EndpointRef> Nics(Func<PlainParty, bool> wanted) =>
        from nic in _inventory.Nics
        from address in nic.Nic.Addresses
        where wanted(new(nic, address))
        select new EndpointRef(nic.Key, address);

    /// <summary>Every edge inside, its first and last address; a single address whatever it is.</summary>
    private IEnumerable<Address> Within(Prefix prefix) =>
        prefix.Length == prefix.Network.Width ? [prefix.Network]
            : new[] { prefix.Network, PolicyEdges.Last(prefix) }.Concat(_edges.Where(prefix.Contains)).Where(a => a.IsOwnable).Distinct();

    private static EndpointRef Bare(Address address) => new(null, address);
}
