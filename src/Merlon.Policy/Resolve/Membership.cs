using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Resolve;

/// <summary>References to sets of atoms, each worked out once.</summary>
internal sealed class Membership
{
    private readonly PolicySet _policy;
    private readonly VmInventory _inventory;
    private readonly Dictionary<GroupDocument, AtomSet> _groups = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(ReferenceKind, string, string, Prefix, int), AtomSet> _others = [];
    private readonly Dictionary<string, int[]> _nicsOfVm;
    private readonly ILookup<(string Key, string Value), int> _nicsOfLabel;

    public Membership(PolicySet policy, VmInventory inventory)
    {
        (_policy, _inventory) = (policy, inventory);
        Atoms = new(inventory, PrefixesOf(policy));
        _nicsOfVm = Enumerable.Range(0, Atoms.Nics.Length).GroupBy(i => Atoms.Nics[i].Vm.Uuid).ToDictionary(g => g.Key, g => g.ToArray());
        _nicsOfLabel = Enumerable.Range(0, Atoms.Nics.Length).SelectMany(i => Atoms.Nics[i].Vm.Labels.Select(l => (Label: (l.Key, l.Value), Nic: i)))
            .ToLookup(x => x.Label, x => x.Nic);
    }

    public Atoms Atoms { get; }

    public Findings Findings { get; } = new();

    /// <summary>Who a reference in a document of <paramref name="tenant"/> means; not for <c>any</c>.</summary>
    public AtomSet Of(string tenant, Reference reference)
    {
        if (reference.Kind == ReferenceKind.Group) return Group(_policy.Group(tenant, reference)!);
        var scope = reference.Kind is ReferenceKind.Vm or ReferenceKind.Nic ? tenant : "";
        var key = (reference.Kind, scope, reference.Name, reference.Prefix, reference.Index);
        if (_others.TryGetValue(key, out var known)) return known;
        IEnumerable<int> members = reference.Kind == ReferenceKind.Cidr ? Atoms.OfPrefix(reference.Prefix)
            : NicsOf(scope, reference).SelectMany(Atoms.OfNic).Distinct().Order();
        var set = AtomSet.Of(members.ToArray(), Atoms.Count);
        _others.Add(key, set);
        return set;
    }

    private IEnumerable<int> NicsOf(string tenant, Reference reference)
    {
        if (reference.Kind == ReferenceKind.Network) return Enumerable.Range(0, Atoms.Nics.Length).Where(i => Atoms.Nics[i].Nic.Network == reference.Name);
        var vms = _inventory.Named(reference.Name, tenant == Document.Platform ? null : tenant).ToArray();
        if (vms.Length == 0) Findings.Warning("unknown-vm", reference.Position, $"no VM is named '{reference.Name}' at present");
        var nics = vms.SelectMany(v => _nicsOfVm.GetValueOrDefault(v.Uuid) ?? []);
        return reference.Kind == ReferenceKind.Nic ? nics.Where(i => Atoms.Nics[i].Nic.Index == reference.Index) : nics;
    }

    private AtomSet Group(GroupDocument group)
    {
        if (_groups.TryGetValue(group, out var known)) return known;
        var set = new BitSet(Atoms.Count);
        if (group.Select is { } select)
            foreach (var atom in Candidates(select).Where(n => select.Selects(group.Tenant, Atoms.Nics[n])).SelectMany(Atoms.OfNic)) set.Add(atom);
        foreach (var atom in group.Cidrs.SelectMany(Atoms.OfPrefix)) set.Add(atom);
        foreach (var inner in group.Groups) set.UnionWith(Of(group.Tenant, inner));
        foreach (var except in group.Except)
            set.ExceptWith(except.Kind == ReferenceKind.Any ? Everything() : Of(group.Tenant, except));
        return _groups[group] = set.Freeze();
    }

    /// <summary>Who has the first label asked for: most groups are small among many VMs.</summary>
    private IEnumerable<int> Candidates(Selector select) =>
        select.Labels.IsEmpty ? Enumerable.Range(0, Atoms.Nics.Length) : _nicsOfLabel[(select.Labels.First().Key, select.Labels.First().Value)];

    private AtomSet Everything()
    {
        var all = new BitSet(Atoms.Count);
        all.AddAll();
        return all.Freeze();
    }

    private static IEnumerable<Prefix> PrefixesOf(PolicySet policy) =>
        policy.Groups.SelectMany(g => g.Cidrs.Concat(Cidrs(g.Except)))
            .Concat(policy.Policies.SelectMany(p => p.Document.Rules).SelectMany(r => Cidrs(r.From).Concat(Cidrs(r.To)).Concat(Cidrs(r.AppliesTo ?? []))))
            .Concat(policy.Guards.SelectMany(g => Cidrs(g.Select)));

    private static IEnumerable<Prefix> Cidrs(IEnumerable<Reference> references) =>
        references.Where(r => r.Kind == ReferenceKind.Cidr).Select(r => r.Prefix);
}
