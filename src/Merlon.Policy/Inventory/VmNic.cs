using Merlon.Policy.Model;

namespace Merlon.Policy.Inventory;

/// <summary>One vNIC with its VM.</summary>
public sealed record VmNic(InventoryVm Vm, InventoryNic Nic)
{
    public NicKey Key { get; } = new(Vm.Uuid, Nic.Index);

    public bool Owns(string realm, Address address) => realm == Nic.Realm && Nic.Addresses.Contains(address);
}
