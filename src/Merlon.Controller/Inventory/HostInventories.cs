using System.Collections.Immutable;
using Google.Protobuf;
using Merlon.Contracts.Wire;
using Merlon.Controller.Rules;
using Merlon.Controller.Store;

namespace Merlon.Controller.Inventory;

/// <summary>The last inventory of every host, kept over restarts: a host that has not yet dialled again still has its VMs, and
/// nobody else's policy loses them.</summary>
internal sealed class HostInventories
{
    public HostInventories(IStateStore store) => All = store.List(Keys.Inventory).ToImmutableSortedDictionary(
        v => v.Key[Keys.Inventory.Length..], v => HostInventory.Parser.ParseFrom(v.Value.Span), StringComparer.Ordinal);

    /// <summary>By host UUID, as stored. Whoever sets it has stored it.</summary>
    public ImmutableSortedDictionary<string, HostInventory> All { get; set; }

    /// <summary>All with a host's whole new inventory, and what is to be stored of it. What a guest can choose (labels, addresses) is
    /// not judged here.</summary>
    public ImmutableSortedDictionary<string, HostInventory> With(string host, HostInventory inventory, StateBatch batch)
    {
        Expect.Count(inventory.Vms.Count, Limits.Vms, "inventory.vms");
        foreach (var vm in inventory.Vms)
        {
            Expect.Uuid(vm.Uuid, "inventory.vms.uuid");
            Expect.Name(vm.Name, "inventory.vms.name");
            Expect.Count(vm.Nics.Count, Limits.NicsOfVm, "inventory.vms.nics");
            foreach (var nic in vm.Nics) Expect.That(nic.Index < Limits.NicsOfVm, "inventory.vms.nics.index", $"{nic.Index} is not below {Limits.NicsOfVm}");
        }
        if (inventory.Equals(All.GetValueOrDefault(host))) return All;
        batch.Put(Keys.Inventory + host, inventory.ToByteArray());
        return All.SetItem(host, inventory);
    }
}
