using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Inventory;

/// <summary>One interface of a VM.</summary>
/// <param name="Network">Name of the layer-2 network: bridge, or libvirt network.</param>
/// <param name="Realm">Routed address space; <see cref="DefaultRealm"/> unless stated.</param>
/// <param name="Addresses">Declared or learned and pinned.</param>
public sealed record InventoryNic(int Index, MacAddress Mac, string Network, string Realm, ImmutableArray<Address> Addresses)
{
    public const string DefaultRealm = "default";

    /// <summary>Of <see cref="Addresses"/>, those that nobody declared: they choose no Guard.</summary>
    public ImmutableArray<Address> Learned { get; init; } = [];
}
