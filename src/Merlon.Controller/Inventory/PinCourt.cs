using System.Collections.Immutable;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Controller.Inventory;

/// <summary>Decides of claims that VMs made by their traffic. A VM gets an address that its Guard lets it learn and that nobody has, and no other.</summary>
/// <param name="guards">Which Guard binds which vNIC.</param>
internal sealed class PinCourt(InventoryView view, IReadOnlyDictionary<NicKey, GuardDocument> guards, DateTimeOffset now)
{
    private const ulong LinkLocal = 0xfe80_0000_0000_0000;
    private readonly List<RefusedPin> _refused = [];

    public AddressPins Pins { get; private set; } = view.Pins;

    /// <summary>Pinned anew: the policy follows from them.</summary>
    public List<(string Vm, Address Address, LearnBy By)> Learned { get; } = [];

    public IReadOnlyList<RefusedPin> Refused => _refused;

    public void Hear(string host, LearnedClaim claim)
    {
        // What its host does not have, or what is no longer so, is no claim.
        if (view.Places.GetValueOrDefault(claim.Nic.VmUuid) is not { } place || !view.IsAt(host, claim.Nic.VmUuid)) return;
        if (place.Vm.Nics.FirstOrDefault(n => n.Index == claim.Nic.Index) is not { } nic || !MayLearn(nic, claim)) return;
        var key = (nic.Realm, claim.Address);
        var owner = Pins.Pins.GetValueOrDefault(key)?.Nic ?? (view.Owners.Owners.TryGetValue(key, out var known) ? known : (NicKey?)null);
        if (owner is null) Pin(place.Vm, nic, claim);
        else if (owner != claim.Nic) Refuse(place.Vm, nic, claim, view.Places.GetValueOrDefault(owner.Value.VmUuid)?.Vm.Name ?? owner.Value.VmUuid);
        else Renew(key, claim);
    }

    private bool MayLearn(InventoryNic nic, LearnedClaim claim) =>
        claim.Address.IsOwnable && !IsOfAnotherMac(nic, claim.Address)
        && guards.GetValueOrDefault(claim.Nic) is { Exclude: false } guard && guard.Learn.Takes(claim.By, claim.Address);

    // fe80::/64 with the EUI-64 of a MAC belongs to whoever has that MAC, and that is the kernel's to say.
    private static bool IsOfAnotherMac(InventoryNic nic, Address address)
    {
        if (address.Family != AddressFamily.IPv6 || (ulong)(address.Bits >> 64) != LinkLocal) return false;
        var low = (ulong)address.Bits;
        return (low >> 24 & 0xffff) == 0xfffe && ((low >> 40 ^ 0x020000) << 24 | low & 0xffffff) != nic.Mac.Bits;
    }

    private void Pin(InventoryVm vm, InventoryNic nic, LearnedClaim claim)
    {
        if (Pins.Pins.Values.Count(p => p.Nic == claim.Nic) >= AddressPins.MostOfNic)
        {
            Refuse(vm, nic, claim, "");
            return;
        }
        Pins = new(Pins.Pins.SetItem((nic.Realm, claim.Address), new(claim.Nic, nic.Mac, claim.By, now - claim.Age, Until(claim))));
        Learned.Add((vm.Name, claim.Address, claim.By));
    }

    // A lease of what is declared, or of what the VM has used all along, changes nothing about whose it is.
    private void Renew((string, Address) key, LearnedClaim claim)
    {
        if (claim.By != LearnBy.Dhcp || Pins.Pins.GetValueOrDefault(key) is not { By: LearnBy.Dhcp } pin) return;
        // Told late, it takes nothing from a newer one.
        if (pin.Until is not { } until || Until(claim) is { } next && next <= until) return;
        Pins = new(Pins.Pins.SetItem(key, pin with { Until = Until(claim) }));
    }

    private DateTimeOffset? Until(LearnedClaim claim) => now - claim.Age + claim.Lease;

    private void Refuse(InventoryVm vm, InventoryNic nic, LearnedClaim claim, string owner) =>
        _refused.Add(new(nic.Realm, claim.Address, claim.By, claim.Nic, vm.Name, owner, now));
}
