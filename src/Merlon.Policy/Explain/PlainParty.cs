using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Explain;

/// <summary>One end as policy sees it: a vNIC, an address, or both. A vNIC without an address is one that speaks from an address
/// that is not its own.</summary>
internal readonly record struct PlainParty(VmNic? Nic, Address? Address)
{
    /// <summary>A vNIC that uses this address: with it when it is its own, else by identity alone.</summary>
    public static PlainParty Of(VmNic nic, Address address) => new(nic, nic.Nic.Addresses.Contains(address) ? address : null);

    /// <summary>Whoever has this address in the realm.</summary>
    public static PlainParty At(VmInventory inventory, string realm, Address address) => new(inventory.Owner(realm, address), address);
}
