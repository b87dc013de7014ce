using System.Collections.Immutable;
using Merlon.Agent.Sync;
using Merlon.Contracts.Wire;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using AddressClaim = Merlon.Agent.Sync.AddressClaim;

namespace Merlon.Agent.Guests;

/// <summary>Every VM of this host: libvirt's domains and the interfaces attached by hand.</summary>
internal sealed class GuestBook
{
    private readonly HashSet<string> _atGate = [];
    private IReadOnlyList<Guest> _byHand = [];

    /// <summary>The VMs that libvirt named.</summary>
    public IReadOnlyList<Guest> Domains { get; private set; } = [];

    public IEnumerable<Guest> All => Domains.Concat(_byHand);

    /// <summary>Who claimed each address first; kept by <see cref="Inventory"/>.</summary>
    public ImmutableDictionary<string, BookOwner> Owners { get; set; } = ImmutableDictionary<string, BookOwner>.Empty;

    /// <summary>Second claims, found by <see cref="Inventory"/>: they are not in it.</summary>
    public ImmutableArray<RefusedClaim> Refused { get; private set; } = [];

    /// <summary>It is here as it stands there, running or not.</summary>
    public bool Knows(Guest guest) => Domains.FirstOrDefault(d => d.Uuid == guest.Uuid) is { } known
        && known.Name == guest.Name && known.Tenant == guest.Tenant && known.Labels.Count == guest.Labels.Count && !known.Labels.Except(guest.Labels).Any()
        && known.Nics.Select(Lasting).SequenceEqual(guest.Nics.Select(Lasting));

    private static string Lasting(GuestNic nic) => $"{nic.Index} {nic.Mac} {nic.Network} {string.Join(',', nic.Addresses)} {nic.CannotGuard}";

    public void SetDomains(IReadOnlyList<Guest> domains) => Domains = domains;

    public void SetByHand(IEnumerable<HandAttachment> attachments) => _byHand = HandAttachments.Guests(attachments);

    public bool IsByHand(string vmUuid) => _byHand.Any(g => g.Uuid == vmUuid);

    /// <summary>Its start waits for the gate, or does so no more.</summary>
    public void AtGate(string vmUuid, bool waits) => _ = waits ? _atGate.Add(vmUuid) : _atGate.Remove(vmUuid);

    /// <summary>Interface names of running guests, by vNIC. Those of a guest at the gate are the gate's alone: it lets a port in that awaits its VM, a reconcile
    /// one whose VM is here.</summary>
    public Dictionary<NicKey, string> Ifnames()
    {
        var names = new Dictionary<NicKey, string>();
        foreach (var guest in All.Where(g => g.Running && !_atGate.Contains(g.Uuid)))
            foreach (var nic in guest.Nics)
                if (nic.Ifname is { } name) names.TryAdd(new(guest.Uuid, nic.Index), name);
        return names;
    }

    /// <summary>Interfaces of these links that <see cref="Ifnames"/> names.</summary>
    public IReadOnlyDictionary<NicKey, int> Interfaces(IEnumerable<HostLink> links)
    {
        var byName = links.ToDictionary(l => l.Name, l => l.Ifindex);
        return Ifnames().Where(n => byName.ContainsKey(n.Value)).ToDictionary(n => n.Key, n => byName[n.Value]);
    }

    public HostInventory Inventory()
    {
        var verdict = ClaimCourt.Hear(Claims(), Owners);
        (Owners, Refused) = (verdict.Owners, verdict.Refused);
        var inventory = new HostInventory();
        foreach (var guest in All.OrderBy(g => g.Uuid, StringComparer.Ordinal)) inventory.Vms.Add(Message(guest, verdict.Lost));
        return inventory;
    }

    private IEnumerable<AddressClaim> Claims() =>
        from guest in All
        from nic in guest.Nics
        from text in nic.Addresses
        select new AddressClaim(InventoryNic.DefaultRealm, Address.Parse(text), new(guest.Uuid, nic.Index), guest.Name, false);

    private static VmInfo Message(Guest guest, HashSet<(NicKey, Address)> lost)
    {
        var vm = new VmInfo
        {
            Uuid = guest.Uuid,
            Name = guest.Name,
            Tenant = guest.Tenant ?? "",
            Running = guest.Running,
            ByHand = guest.ByHand,
        };
        foreach (var (name, value) in guest.Labels) vm.Labels.Add(name, value);
        foreach (var nic in guest.Nics)
        {
            var info = new NicInfo
            {
                Index = (uint)nic.Index,
                Mac = nic.Mac,
                Network = nic.Network,
                Ifname = nic.Ifname ?? "",
                CannotGuard = nic.CannotGuard ?? "",
            };
            info.Addresses.AddRange(nic.Addresses.Where(a => !lost.Contains((new(guest.Uuid, nic.Index), Address.Parse(a)))));
            vm.Nics.Add(info);
        }
        return vm;
    }
}
