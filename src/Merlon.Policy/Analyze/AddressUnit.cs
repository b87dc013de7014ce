using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>A run of addresses that neither revision tells apart; one address where a vNIC owns it.</summary>
/// <param name="Class">Number of its <see cref="EndClass"/> on its line.</param>
internal readonly record struct AddressUnit(Address Low, Address High, VmNic? Before, VmNic? After, int Class)
{
    public bool IsOwned => Before is not null || After is not null;

    /// <summary>One of the two is a VM's, and no vNIC is at both ends.</summary>
    public bool Meets(in AddressUnit other) =>
        (IsOwned || other.IsOwned)
        && !(Before is not null && other.Before?.Key == Before.Key) && !(After is not null && other.After?.Key == After.Key);
}
