using Merlon.Policy.Cases;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>One end of a question in words: <c>any</c>, <c>group/[TENANT/]NAME</c>, <c>vm/NAME-or-UUID</c>, a prefix or an address.</summary>
internal sealed class AskedEnd
{
    private readonly Reference _reference;
    private readonly string _tenant;

    private AskedEnd(Reference reference, string tenant) => (_reference, _tenant) = (reference, tenant);

    public IEnumerable<Prefix> Prefixes => _reference.Kind == ReferenceKind.Cidr ? [_reference.Prefix] : [];

    public static AskedEnd? Parse(Revision revision, string text, out Problem? problem)
    {
        if (CaseEnd.Parse(text, default, out problem) is not { } reference) return null;
        return reference.Kind switch
        {
            ReferenceKind.Group => Group(revision.Policy, reference, out problem),
            ReferenceKind.Vm => Vm(revision, reference, out problem),
            _ => new(reference, Document.Platform),
        };
    }

    public bool Holds(PlainMembership members, in AddressUnit unit) => members.Is(_tenant, _reference, new(unit.After, unit.Low));

    private static AskedEnd? Vm(Revision revision, Reference reference, out Problem? problem)
    {
        var found = revision.Vms.Named(reference.Name, null).ToArray();
        problem = found.Length switch
        {
            0 => new("unknown-vm", $"no VM is named '{reference.Name}'", NearestName.Hint(reference.Name, revision.Vms.Vms.Select(v => v.Name).Distinct()) ?? "name a VM of the inventory"),
            1 => null,
            _ => new("ambiguous", $"several VMs are named '{reference.Name}'", "use the UUID: " + string.Join(", ", found.Select(v => v.Uuid))),
        };
        return problem is null ? new(reference with { Name = found[0].Uuid }, Document.Platform) : null;
    }

    private static AskedEnd? Group(PolicySet policy, Reference reference, out Problem? problem)
    {
        var found = policy.Groups.Where(g => g.Name == reference.Name && (reference.Tenant.Length == 0 || g.Tenant == reference.Tenant)).ToArray();
        var known = policy.Groups.Select(g => reference.Tenant.Length > 0 ? $"{g.Tenant}/{g.Name}" : g.Name).Distinct();
        problem = found.Length switch
        {
            0 => new("unknown-group", $"{reference} does not exist", NearestName.Hint(reference.ToString()["group/".Length..], known) ?? "name a group of the policy"),
            1 => null,
            _ => new("ambiguous", $"{reference} exists in several tenants", string.Join(" or ", found.Select(g => $"group/{g.Tenant}/{g.Name}"))),
        };
        return problem is null ? new(reference with { Tenant = found[0].Tenant }, found[0].Tenant) : null;
    }
}
