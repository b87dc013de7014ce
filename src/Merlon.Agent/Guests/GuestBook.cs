using Merlon.Contracts.Wire;
using Merlon.Libvirt.Domains;
using Merlon.Policy.Model;

namespace Merlon.Agent.Guests;

/// <summary>Every VM of this host: libvirt's domains and the interfaces attached by hand.</summary>
internal sealed class GuestBook
{
    private IReadOnlyList<Guest> _domains = [];
    private IReadOnlyList<Guest> _byHand = [];

    public IEnumerable<Guest> All => _domains.Concat(_byHand);

    public void SetDomains(IEnumerable<DomainInfo> domains) => _domains = [.. domains.Select(DomainGuests.From)];

    public void SetByHand(IEnumerable<HandAttachment> attachments) => _byHand = HandAttachments.Guests(attachments);

    /// <summary>Interface names of running guests, by vNIC.</summary>
    public Dictionary<NicKey, string> Ifnames()
    {
        var names = new Dictionary<NicKey, string>();
        foreach (var guest in All.Where(g => g.Running))
            foreach (var nic in guest.Nics)
                if (nic.Ifname is { } name) names.TryAdd(new(guest.Uuid, nic.Index), name);
        return names;
    }

    public HostInventory Inventory()
    {
        var inventory = new HostInventory();
        foreach (var guest in All.OrderBy(g => g.Uuid, StringComparer.Ordinal)) inventory.Vms.Add(Message(guest));
        return inventory;
    }

    private static VmInfo Message(Guest guest)
    {
        var vm = new VmInfo
        {
            Uuid = guest.Uuid, Name = guest.Name, Tenant = guest.Tenant ?? "", Running = guest.Running, ByHand = guest.ByHand,
        };
        foreach (var (name, value) in guest.Labels) vm.Labels.Add(name, value);
        foreach (var nic in guest.Nics)
        {
            var info = new NicInfo
            {
                Index = (uint)nic.Index, Mac = nic.Mac, Network = nic.Network, Ifname = nic.Ifname ?? "", CannotGuard = nic.CannotGuard ?? "",
            };
            info.Addresses.AddRange(nic.Addresses);
            vm.Nics.Add(info);
        }
        return vm;
    }
}
