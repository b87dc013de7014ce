using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Explain;

/// <summary>Is a party meant by a reference? Read straight from the model, nothing remembered.</summary>
internal sealed class PlainMembership(PolicySet policy)
{
    public bool Any(string tenant, IEnumerable<Reference> references, PlainParty party) => references.Any(r => Is(tenant, r, party));

    /// <summary>The vNIC, by identity or with one of its own addresses.</summary>
    public bool AnyOfNic(string tenant, IEnumerable<Reference> references, VmNic nic) => references.Any(r =>
        Is(tenant, r, new(nic, null)) || nic.Nic.Addresses.Any(a => Is(tenant, r, new(nic, a))));

    /// <summary>The vNIC, by identity or with an address that was declared for it: what it claimed itself chooses no Guard.</summary>
    public bool Binds(GuardDocument guard, VmNic nic) =>
        AnyOfNic(guard.Tenant, guard.Select, nic with { Nic = nic.Nic with { Addresses = [.. nic.Nic.Addresses.Except(nic.Nic.Learned)] } });

    /// <param name="tenant">Of the document that the reference stands in.</param>
    public bool Is(string tenant, Reference reference, PlainParty party) => reference.Kind switch
    {
        ReferenceKind.Any => true,
        ReferenceKind.Cidr => party.Address is { } address && reference.Prefix.Contains(address),
        ReferenceKind.Group => policy.Group(tenant, reference) is { } group && InGroup(group, party),
        ReferenceKind.Network => party.Nic?.Nic.Network == reference.Name,
        ReferenceKind.Vm => party.Nic is { } nic && Named(tenant, reference.Name, nic.Vm),
        ReferenceKind.Nic => party.Nic is { } nic && nic.Nic.Index == reference.Index && Named(tenant, reference.Name, nic.Vm),
        _ => false,
    };

    public bool InGroup(GroupDocument group, PlainParty party)
    {
        var member = (group.Select is { } select && party.Nic is { } nic && select.Selects(group.Tenant, nic))
            || (party.Address is { } address && group.Cidrs.Any(c => c.Contains(address)))
            || Any(group.Tenant, group.Groups, party);
        return member && !Any(group.Tenant, group.Except, party);
    }

    private static bool Named(string tenant, string nameOrUuid, InventoryVm vm) =>
        (tenant == Document.Platform || tenant == vm.Tenant)
        && (vm.Name == nameOrUuid || string.Equals(vm.Uuid, nameOrUuid, StringComparison.OrdinalIgnoreCase));
}
