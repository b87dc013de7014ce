using System.Collections.Immutable;

namespace Merlon.Policy.Inventory;

/// <summary>One VM, wherever it runs. <paramref name="Uuid"/> is lower case and dashed; <paramref name="Host"/> empty = not stated.</summary>
public sealed record InventoryVm(
    string Uuid, string Name, string Host, string Tenant, ImmutableSortedDictionary<string, string> Labels, ImmutableArray<InventoryNic> Nics);
