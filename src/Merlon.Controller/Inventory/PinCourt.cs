using System.Collections.Immutable;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Controller.Inventory;

/// <summary>Decides of claims that VMs made by their traffic. A VM gets an address that its Guard lets it learn and that nobody has, and no other.</summary>
/// <param name="guards">Which Guard binds which vNIC.</param>
internal sealed class PinCourt(InventoryView view, IReadOnlyDictionary<NicKey, GuardDocument> guards, DateTimeOffset now)
{
    // Of the lease: a client asks again after half of it.
    private const int LeastRenewal = 8;
    private const ulong LinkLocal = 0xfe80_0000_0000_0000;
    private readonly List<RefusedPin> _refused = [];
    private readonly List<WaitingLease> _waiting = [];

    public AddressPins Pins { get; private set; } = view.Pins;

    /// <summary>Pinned anew: the policy follows from them.</summary>
    public List<(string Vm, Address Address, LearnBy By)> Learned { get; } = [];

    public IReadOnlyList<RefusedPin> Refused => _refused;

    /// <summary>Leases to be heard again.</summary>
    public IReadOnlyList<WaitingLease> Waiting => _waiting;

    public void Hear(string host, LearnedClaim claim)
    {
        // What its host does not have, or what is no longer so, is no claim.
        if (NicOf(claim.Nic) is not (var vm, var nic) || !view.IsAt(host, vm.Uuid)) return;
        if (!MayLearn(nic, claim))
        {
            Wait(nic, claim);
            return;
        }
        var owner = OwnerOf(nic, claim.Address);
        if (owner is null) Pin(vm, nic, claim);
        else if (owner != claim.Nic) Refuse(vm, nic, claim, view.Places.GetValueOrDefault(owner.Value.VmUuid)?.Vm.Name ?? owner.Value.VmUuid);
        else Renew((nic.Realm, claim.Address), claim);
    }

    /// <summary>Without a word where it is still not to be had: that was told when it was refused.</summary>
    public void HearAgain(WaitingLease lease)
    {
        if (lease.IsOver(now) || NicOf(lease.Claim.Nic) is not (var vm, var nic) || nic.Mac != lease.Mac) return;
        var owner = OwnerOf(nic, lease.Claim.Address);
        if (owner is null && MayLearn(nic, lease.Claim) && HasRoom(lease.Claim.Nic)) Pin(vm, nic, lease.At(now));
        else if (owner != lease.Claim.Nic) _waiting.Add(lease);
    }

    private (InventoryVm Vm, InventoryNic Nic)? NicOf(NicKey key) =>
        view.Places.GetValueOrDefault(key.VmUuid) is { Vm: var vm } && vm.Nics.FirstOrDefault(n => n.Index == key.Index) is { } nic ? (vm, nic) : null;

    private NicKey? OwnerOf(InventoryNic nic, Address address) =>
        Pins.Pins.GetValueOrDefault((nic.Realm, address))?.Nic ?? (view.Owners.Owners.TryGetValue((nic.Realm, address), out var known) ? known : null);

    private bool HasRoom(NicKey nic) => Pins.Pins.Values.Count(p => p.Nic == nic) < AddressPins.MostOfNic;

    private void Wait(InventoryNic nic, LearnedClaim claim)
    {
        if (claim.By == LearnBy.Dhcp && claim.Address.IsOwnable) _waiting.Add(new(claim, nic.Mac, now));
    }

    private bool MayLearn(InventoryNic nic, LearnedClaim claim) =>
        claim.Address.IsOwnable && !IsOfAnotherMac(nic, claim.Address)
        && guards.GetValueOrDefault(claim.Nic) is { Exclude: false } guard && guard.Learn.Takes(claim.By, claim.Address)
        && !guards.Values.Any(g => g.AntiSpoof.Licence.SpeaksFor(claim.Address)); // shared by whoever lists it: nobody's own

    // fe80::/64 with the EUI-64 of a MAC belongs to whoever has that MAC, and that is the kernel's to say.
    private static bool IsOfAnotherMac(InventoryNic nic, Address address)
    {
        if (address.Family != AddressFamily.IPv6 || (ulong)(address.Bits >> 64) != LinkLocal) return false;
        var low = (ulong)address.Bits;
        return (low >> 24 & 0xffff) == 0xfffe && ((low >> 40 ^ 0x020000) << 24 | low & 0xffffff) != nic.Mac.Bits;
    }

    private void Pin(InventoryVm vm, InventoryNic nic, LearnedClaim claim)
    {
        if (!HasRoom(claim.Nic))
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
        // Told late, it takes nothing from a newer one; and who renews all the time is written down now and then.
        if (pin.Until is not { } until || Until(claim) is { } next && next - until < claim.Lease / LeastRenewal) return;
        Pins = new(Pins.Pins.SetItem(key, pin with { Until = Until(claim) }));
    }

    private DateTimeOffset? Until(LearnedClaim claim) => now - claim.Age + claim.Lease;

    private void Refuse(InventoryVm vm, InventoryNic nic, LearnedClaim claim, string owner)
    {
        _refused.Add(new(nic.Realm, claim.Address, claim.By, claim.Nic, vm.Name, owner, now));
        Wait(nic, claim);
    }
}
