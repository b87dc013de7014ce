using System.Collections.Immutable;
using Merlon.Contracts.Wire;
using Merlon.Policy.Inventory;

namespace Merlon.Controller.Inventory;

/// <summary>All hosts' VMs as one: each VM once, each address with one owner. Immutable.</summary>
/// <param name="Vms">What policy is resolved against.</param>
/// <param name="Places">By VM UUID.</param>
/// <param name="Refused">Claims on addresses of others.</param>
internal sealed record InventoryView(
    VmInventory Vms, ImmutableSortedDictionary<string, VmPlace> Places, AddressOwners Owners, ImmutableArray<AddressClaim> Refused)
{
    public static InventoryView Build(ImmutableSortedDictionary<string, HostInventory> hosts, AddressOwners known)
    {
        // A VM that two hosts define (a migration, a copied definition) is where it runs.
        var places = hosts.SelectMany(h => h.Value.Vms.Select(vm => VmReader.Read(vm, h.Key)))
            .GroupBy(p => p.Vm.Uuid).Select(g => g.OrderByDescending(p => p.Info.Running).First())
            .ToImmutableSortedDictionary(p => p.Vm.Uuid, p => p, StringComparer.Ordinal);
        var (vms, owners, refused) = known.Settle([.. places.Values.Select(p => p.Vm)]);
        return new(new VmInventory(vms), places.SetItems(vms.Select(v => KeyValuePair.Create(v.Uuid, places[v.Uuid] with { Vm = v }))), owners, refused);
    }

    /// <summary>A VM by name, UUID or the host-side name of one of its interfaces. Several of one name: the one that runs.</summary>
    public VmPlace? Find(string name) =>
        Places.GetValueOrDefault(name.ToLowerInvariant())
        ?? Places.Values.Where(p => p.Vm.Name == name).OrderByDescending(p => p.Info.Running).FirstOrDefault()
        ?? Places.Values.FirstOrDefault(p => p.Info.Nics.Any(n => n.Ifname.Length > 0 && n.Ifname == name));
}
