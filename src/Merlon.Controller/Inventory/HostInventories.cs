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
    private readonly IStateStore store;
    private ImmutableSortedDictionary<string, HostInventory> all;

    public HostInventories(IStateStore store)
    {
        this.store = store;
        all = store.List(Keys.Inventory).ToImmutableSortedDictionary(
            v => v.Key[Keys.Inventory.Length..], v => HostInventory.Parser.ParseFrom(v.Value.Span), StringComparer.Ordinal);
    }

    /// <summary>By host UUID.</summary>
    public ImmutableSortedDictionary<string, HostInventory> All => Volatile.Read(ref all);

    /// <summary>Takes a host's whole inventory. What a guest can choose (labels, addresses) is not judged here.</summary>
    public void Replace(string host, HostInventory inventory)
    {
        Expect.Count(inventory.Vms.Count, Limits.Vms, "inventory.vms");
        foreach (var vm in inventory.Vms)
        {
            Expect.Uuid(vm.Uuid, "inventory.vms.uuid");
            Expect.Name(vm.Name, "inventory.vms.name");
            Expect.Count(vm.Nics.Count, Limits.NicsOfVm, "inventory.vms.nics");
            foreach (var nic in vm.Nics) Expect.That(nic.Index < Limits.NicsOfVm, "inventory.vms.nics.index", $"{nic.Index} is not below {Limits.NicsOfVm}");
        }
        if (inventory.Equals(All.GetValueOrDefault(host))) return;
        store.Put(new StateBatch().Put(Keys.Inventory + host, inventory.ToByteArray()));
        ImmutableInterlocked.Update(ref all, (now, set) => now.SetItem(set.host, set.inventory), (host, inventory));
    }
}
