using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Fuzz;

/// <summary>Says why a frame that passed should not have: by the plain evaluator, and by what passed before it. It knows nothing
/// of states and windows: what it lets pass the program may still drop.</summary>
internal sealed class PlainGuard(PolicySet policy, VmInventory inventory)
{
    private readonly HashSet<(NicKey, Conversation)> _talks = [];
    private readonly HashSet<Conversation> _opened = [];
    private readonly HashSet<(NicKey, bool, Datagram)> _firsts = [];
    private readonly Dictionary<(FlowQuestion, Direction), bool> _judged = [];

    private readonly OtherFrames _frames = policy.Guards.FirstOrDefault()?.Frames ?? OtherFrames.None;
    private readonly Licence _licence = policy.Guards.FirstOrDefault()?.AntiSpoof.Licence ?? Licence.None;

    /// <summary>Both hooks judge for themselves, and each keeps its own conversations.</summary>
    public bool IsTrunk => _frames.IsTrunk;

    /// <summary>Conversations that some vNIC is in.</summary>
    public IReadOnlySet<Conversation> Talks => _opened;

    /// <summary>Null = it may leave <paramref name="from"/>. <paramref name="to"/>: the vNIC whose MAC it is for, if any.</summary>
    public string? AtSource(FrameReading? r, Port from, Port? to)
    {
        if (r is null) return "cannot be read";
        if (!OwnMac(from, r.SourceMac)) return "spoofed MAC";
        if (Frame(r) is { } other) return other;
        if (r.OtherType != 0) return null;
        if (r.IsArp) return OwnMac(from, r.ArpSender) && (r.From.Bits == 0 ? !Others(from, r.To) : SpeaksFor(from, r.From)) ? null : "spoofed ARP";
        var known = Known(r, from, Direction.In); // a router VM goes on with what it was let into
        if (!known && !Own(from, r.From) && !Licensed(r.From) && !(r.From.Bits == 0 && MayBeUnspecified(r))) return "spoofed address";
        if (r.IsLater) return _firsts.Contains((from.Key, false, r.Piece!.Value)) ? null : "a fragment without its first";
        if (r.Protocol == Protocols.Udp && r.SourcePort == (r.From.Family == AddressFamily.IPv4 ? 67 : 547)) return "a DHCP server";
        var type = r.DestinationPort >> 8;
        if (r.Protocol == Protocols.Icmp6 && type is 134 or 137 || r.Protocol == Protocols.Icmp && type == 5) return "a router's words";
        if (r.Probed is { } probed && Others(from, probed)) return "a probe for another's address";
        if (r.Target is { } target && !SpeaksFor(from, target)) return "spoofed advertisement";
        return known || Allows(r, from, to, Direction.Out) ? null : "refused by the plain evaluator (out)";
    }

    /// <summary>Null = it may reach <paramref name="to"/>.</summary>
    public string? AtDestination(FrameReading? r, Port? from, Port to)
    {
        if (r is null) return "cannot be read";
        if (!r.IsMulticast && !OwnMac(to, r.DestinationMac)) return "for another MAC";
        if (Frame(r) is { } other) return other;
        if (r.IsArp || r.OtherType != 0) return null;
        if (r.IsLater) return _firsts.Contains((to.Key, true, r.Piece!.Value)) ? null : "a fragment without its first";
        // Somebody outside who uses a guarded VM's address is taken for it: the plain evaluator would ask that VM's side too.
        if (from is null && inventory.Owner(InventoryNic.DefaultRealm, r.From) is not null) return null;
        return Known(r, to, Direction.Out) || Allows(r, from, to, Direction.In) ? null : "refused by the plain evaluator (in)";
    }

    /// <summary>It passed a hook.</summary>
    public void Passed(FrameReading r, Port at, bool into)
    {
        if (r is { Piece: { } piece, IsLater: false }) _firsts.Add((at.Key, into, piece));
    }

    /// <summary>It passed all hooks between the two; null = outside.</summary>
    public void Delivered(FrameReading r, Port? from, Port? to)
    {
        if (r is not { Talk: { } talk, IsMulticast: false }) return;
        foreach (var port in new[] { from, to })
            if (port is not null && _talks.Add((port.Key, talk))) _opened.Add(talk);
    }

    // A side that was never asked is asked in the direction of the opening.
    private bool Known(FrameReading r, Port own, Direction opening)
    {
        if (r.Talk is { } talk && (_talks.Contains((own.Key, talk)) || (_opened.Contains(talk) && AllowsOpening(r, own, opening)))) return true;
        if (r.Quoted is not { } quote || !(r.IsMulticast || quote.From == r.To)) return false;
        // It may reach whoever it says has sent the packet, whether that side was asked or not; sent it is by a side that was.
        return opening == Direction.Out ? _opened.Contains(quote.Talk) : _talks.Contains((own.Key, quote.Talk));
    }

    // The opening went the other way: from the frame's destination to its source.
    private bool AllowsOpening(FrameReading r, Port own, Direction direction)
    {
        var opener = new EndpointRef(direction == Direction.Out ? own.Key : null, r.To);
        var answerer = new EndpointRef(direction == Direction.In ? own.Key : null, r.From);
        var (service, source) = r.Protocol switch
        {
            Protocols.Icmp => (8 << 8, 0),
            Protocols.Icmp6 => (128 << 8, 0),
            _ => (r.SourcePort, r.DestinationPort),
        };
        return Allows(new(opener, answerer, r.Protocol, service, source, 0), direction);
    }

    private bool Allows(FrameReading r, Port? from, Port? to, Direction direction) =>
        Allows(new(new(from?.Key, r.From), new(to?.Key, r.To), r.Protocol, r.DestinationPort, r.SourcePort, 0), direction);

    private bool Allows(FlowQuestion question, Direction direction)
    {
        if (_judged.TryGetValue((question, direction), out var known)) return known;
        var hop = PlainEvaluator.Evaluate(policy, inventory, question).Hops.FirstOrDefault(h => h.Direction == direction);
        return _judged[(question, direction)] = hop?.Side.Passes == true;
    }

    // What a vNIC may send and get at all, by tags and EtherType.
    private string? Frame(FrameReading r)
    {
        var may = r.Tags is [] or [0] || r.Tags.All(t => (t & 0xfff) is var vlan && _frames.Vlans.Any(v => v.Low <= vlan && vlan <= v.High));
        return !may ? "tagged" : r.OtherType == 0 || _frames.EtherTypes.Contains(r.OtherType) ? null : "another EtherType";
    }

    private bool Others(Port port, Address address) => inventory.Owner(InventoryNic.DefaultRealm, address) is { } owner && owner.Key != port.Key;

    private bool OwnMac(Port port, MacAddress? mac) => mac == port.Mac || (mac is { } other && _licence.Macs.Contains(other));

    private bool Licensed(Address address) => _licence.Addresses.Any(p => p.Contains(address));

    private bool SpeaksFor(Port port, Address address) => Own(port, address) || (_licence.SpeaksFor(address) && !Others(port, address));

    private static bool Own(Port port, Address address) => port.Addresses.Contains(address) || port.LinkLocal == address;

    // DHCP, IGMP, DAD, router solicitation, MLD.
    private static bool MayBeUnspecified(FrameReading r) => r.From.Family == AddressFamily.IPv4
        ? r.Protocol == Protocols.Igmp || r is { Protocol: Protocols.Udp, SourcePort: 68, DestinationPort: 67 }
        : r.Protocol == Protocols.Icmp6 && (r.DestinationPort >> 8) is 131 or 132 or 133 or 135 or 143;
}
