using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Inventory;

/// <summary>Every known VM, ordered by UUID whatever the order of the input. In a realm an address belongs to one vNIC: the one with
/// the lowest key keeps it, the others lose it here and stand in <see cref="Claims"/>.</summary>
public sealed class VmInventory
{
    public VmInventory(ImmutableArray<InventoryVm> vms)
    {
        Vms = vms;
        Claims = [];
    }

    public ImmutableArray<InventoryVm> Vms { get; }

    public ImmutableArray<AddressClaim> Claims { get; }

    /// <summary>A VM without a UUID gets one made of its tenant and name.</summary>
    public static VmInventory FromDocuments(IEnumerable<InventoryDocument> documents) => throw new NotImplementedException();
}
