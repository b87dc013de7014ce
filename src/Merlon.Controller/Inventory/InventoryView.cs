using System.Collections.Immutable;
using Merlon.Contracts.Wire;
using Merlon.Policy.Inventory;

namespace Merlon.Controller.Inventory;

/// <summary>All hosts' VMs as one: each VM once, each address with one owner. Immutable.</summary>
/// <param name="Vms">What policy is resolved against.</param>
/// <param name="Places">By VM UUID.</param>
/// <param name="Refused">Claims on addresses of others.</param>
/// <param name="Pins">Learned addresses; they are among those of <paramref name="Vms"/>.</param>
/// <param name="Elsewhere">By host: VMs that it has too, though their place is another.</param>
internal sealed record InventoryView(
    VmInventory Vms, ImmutableSortedDictionary<string, VmPlace> Places, AddressOwners Owners, AddressPins Pins, ImmutableArray<AddressClaim> Refused,
    ImmutableDictionary<string, ImmutableHashSet<string>> Elsewhere)
{
    public static InventoryView Build(ImmutableSortedDictionary<string, HostInventory> hosts, AddressOwners known, AddressPins pins)
    {
        // A VM that two hosts define (a migration, a copied definition) is where it runs.
        var all = hosts.SelectMany(h => h.Value.Vms.Select(vm => VmReader.Read(vm, h.Key))).ToList();
        var places = all
            .GroupBy(p => p.Vm.Uuid).Select(g => g.OrderByDescending(p => p.Info.Running).First())
            .ToImmutableSortedDictionary(p => p.Vm.Uuid, p => p, StringComparer.Ordinal);
        ImmutableArray<InventoryVm> told = [.. places.Values.Select(p => p.Vm)];
        var learned = pins.Of(told);
        var (vms, owners, refused) = known.Settle(learned.Joined(told));
        return new(new VmInventory(vms), places.SetItems(vms.Select(v => KeyValuePair.Create(v.Uuid, places[v.Uuid] with { Vm = v }))), owners, learned, refused,
            all.Where(p => places[p.Vm.Uuid].Host != p.Host).GroupBy(p => p.Host).ToImmutableDictionary(g => g.Key, g => g.Select(p => p.Vm.Uuid).ToImmutableHashSet()));
    }

    /// <summary>The VMs as one host's policy needs them: every VM that it has is its own. While a VM moves two hosts have it, and on neither may
    /// a frame of it pass unjudged: the one that it comes to must know it before it runs there, and the one that it leaves until it is gone.</summary>
    public VmInventory At(string host, VmInventory vms) => Elsewhere.GetValueOrDefault(host) is { } here
        ? new([.. vms.Vms.Select(vm => here.Contains(vm.Uuid) ? vm with { Host = host } : vm)])
        : vms;

    /// <summary>The host has this VM, or is one of two that it moves between.</summary>
    public bool IsAt(string host, string vmUuid) => Places.GetValueOrDefault(vmUuid)?.Host == host || Elsewhere.GetValueOrDefault(host)?.Contains(vmUuid) == true;

    /// <summary>A VM by name, UUID or the host-side name of one of its interfaces. Several of one name: the one that runs.</summary>
    public VmPlace? Find(string name) =>
        Places.GetValueOrDefault(name.ToLowerInvariant())
        ?? Places.Values.Where(p => p.Vm.Name == name).OrderByDescending(p => p.Info.Running).FirstOrDefault()
        ?? Places.Values.FirstOrDefault(p => p.Info.Nics.Any(n => n.Ifname.Length > 0 && n.Ifname == name));
}
