using System.Collections.Immutable;
using Merlon.Contracts.Wire;
using Merlon.Policy.Inventory;

namespace Merlon.Controller.Inventory;

/// <summary>A VM, where it is, and what of its description could not be used.</summary>
/// <param name="Info">As its host's agent described it.</param>
internal sealed record VmPlace(InventoryVm Vm, VmInfo Info, string Host, ImmutableArray<string> Problems);
