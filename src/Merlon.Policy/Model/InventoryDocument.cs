using System.Collections.Immutable;
using Merlon.Policy.Inventory;

namespace Merlon.Policy.Model;

/// <summary>VMs as declared in a file, so that policy can be checked with no host at all. A VM without a stated UUID has an empty one here.</summary>
public sealed record InventoryDocument(
    string Tenant, string Name, ImmutableSortedDictionary<string, string> Annotations, Position Position,
    ImmutableArray<InventoryVm> Vms) : Document(Tenant, Name, Annotations, Position)
{
    public override string Kind => "Inventory";
}
