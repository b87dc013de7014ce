using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Attacks;

/// <summary>What a guest says that it is not: another's address, MAC, router or DHCP server.</summary>
internal static class SpoofAttacks
{
    private const int Solicitation = 135, Advertisement = 136, RouterAdvertisement = 134, RedirectV6 = 137, RedirectV4 = 5;
    private const byte SourceLink = 1, TargetLink = 2;
    private static readonly MacAddress s_everyone = new(0xffffffffffff), s_allNodes = new(0x333300000001);
    private static readonly Address s_all = Address.Parse("255.255.255.255"), s_nodes = Address.Parse("ff02::1");

    public static IEnumerable<AttackRow> Rows =>
    [
        Row("sources that are another's, IPv4", Reason.SpoofedAddress, a => Sources(a, "10.9.0.1", "10.9.0.4", "10.9.9.9", "192.0.2.1", "127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1")),
        Row("sources that are another's, IPv6", Reason.SpoofedAddress, a => Sources(a, "fd00:9::1", "fd00:9::4", "2001:db8::1", "::1", "::", "fe80::1", "fe80::5054:ff:fe00:1", "ff02::1")),
        Row("segments of a live connection, sent by a third guest", Reason.SpoofedAddress, a => new[] { false, true }.SelectMany(v6 => new[] { Tcp.Rst, Tcp.Syn, Tcp.FinAck }.Select(f =>
            Marked(a, a.Segment(true, v6, f) with { SourceMac = Eve(a), Body = Attack.Mark.ToArray() })))),
        Row("ARP that claims another's address", Reason.SpoofedArp, a => new[] { 1, 2 }.SelectMany(op => new[]
        {
            Arp(a, s_everyone, a.Place.Db, a.Place.Web, op), Arp(a, AttackPlace.MacOf(a.Place.Web), a.Place.Db, a.Place.Web, op), Arp(a, s_everyone, a.Place.Db, a.Place.Db, op),
            Arp(a, AttackPlace.MacOf(a.Place.Web), a.Place.Db, a.Place.Web, op, AttackPlace.MacOf(a.Place.Out)), Arp(a, s_everyone, a.Place.Eve, a.Place.Web, op, AttackPlace.MacOf(a.Place.Web)),
        })),
        Row("neighbour advertisements of another's address", Reason.SpoofedNd, a => new[] { s_allNodes, AttackPlace.MacOf(a.Place.Web) }.Select(to =>
            Nd(a, Advertisement, a.Place.Eve, a.Place.Db, to, Neighbour.LinkLayer(TargetLink, Eve(a))))),
        Row("neighbour advertisements with another's MAC", Reason.SpoofedNd, a =>
            [Nd(a, Advertisement, a.Place.Eve, a.Place.Eve, s_allNodes, Neighbour.LinkLayer(TargetLink, AttackPlace.MacOf(a.Place.Db)))]),
        Row("neighbour solicitations in another's name", Reason.SpoofedNd, a =>
            [Nd(a, Solicitation, a.Place.Db, a.Place.Web, AttackPlace.MacOf(a.Place.Web), Neighbour.LinkLayer(SourceLink, Eve(a))),
                Nd(a, Solicitation, a.Place.Eve, a.Place.Web, AttackPlace.MacOf(a.Place.Web), Neighbour.LinkLayer(SourceLink, AttackPlace.MacOf(a.Place.Db)))]),
        Row("a DHCP server, IPv4", Reason.DhcpServer, a => new[] { s_everyone, AttackPlace.MacOf(a.Place.Web) }.Select(to => Marked(a, new(AttackPlace.AddressOf(a.Place.Eve, false), s_all)
        {
            SourceMac = Eve(a), DestinationMac = to, SourcePort = 67, DestinationPort = 68, Body = Attack.Mark.ToArray(),
        }))),
        Row("a DHCP server, IPv6", Reason.DhcpServer, a => new[] { s_allNodes, AttackPlace.MacOf(a.Place.Web) }.Select(to => Marked(a, new(AttackPlace.AddressOf(a.Place.Eve, true), AttackPlace.AddressOf(a.Place.Web, true))
        {
            SourceMac = Eve(a), DestinationMac = to, SourcePort = 547, DestinationPort = 546, Body = Attack.Mark.ToArray(),
        }))),
        Row("router advertisements", Reason.RouterAdvertisement, a => new[] { s_allNodes, AttackPlace.MacOf(a.Place.Web) }.Select(to => Nd(a, RouterAdvertisement, null, null, to,
            [0, 0, 0, 0, 0, 0, 0, 0], Neighbour.LinkLayer(SourceLink, Eve(a))))),
        Row("redirects, IPv6", Reason.RouterAdvertisement, a => [Nd(a, RedirectV6, null, a.Place.Eve, AttackPlace.MacOf(a.Place.Web), Packet.V6(AttackPlace.AddressOf(a.Place.Db, true)))]),
        Row("redirects, IPv4", Reason.RouterAdvertisement, a => [Marked(a, AttackPlace.Forged(a.Place.Eve, a.Place.Eve, a.Place.Web, false) with
        {
            Proto = Protocols.Icmp, IcmpType = RedirectV4, IcmpCode = 1, SourcePort = 0x0a09, Body = [.. a.Segment(true, false, Tcp.Ack).Ip()],
        })]),
        Row("another MAC", Reason.SpoofedMac, a => new[] { AttackPlace.MacOf(a.Place.Web), AttackPlace.MacOf(a.Place.Db), AttackPlace.MacOf(a.Place.Out), new(0x525400000077), s_everyone, s_allNodes }
            .SelectMany(mac => new[] { false, true }.Select(v6 => Marked(a, AttackPlace.Forged(a.Place.Eve, a.Place.Eve, a.Place.Db, v6) with
            {
                SourceMac = mac, DestinationPort = AttackPlace.Open, Body = Attack.Mark.ToArray(),
            })))),
    ];

    private static AttackRow Row(string name, Reason reason, Func<Attack, IEnumerable<(Guest, byte[])>> shots) => new(name, Control.AntiSpoof, reason, shots, _ => 0);

    private static MacAddress Eve(Attack a) => AttackPlace.MacOf(a.Place.Eve);

    private static (Guest, byte[]) Marked(Attack a, Packet packet) => (a.Place.Eve, packet.Bytes());

    private static IEnumerable<(Guest, byte[])> Sources(Attack a, params string[] sources) => sources.Select(Address.Parse).SelectMany(source =>
        new[] { Protocols.Udp, Protocols.Tcp, Protocols.Icmp, Protocols.Icmp6 }.Where(p => !Protocols.IsIcmp(p) || (p == Protocols.Icmp6) == (source.Family == AddressFamily.IPv6)).Select(proto =>
            Marked(a, AttackPlace.Forged(a.Place.Eve, a.Place.Eve, a.Place.Db, source.Family == AddressFamily.IPv6) with
            {
                Source = source,
                Proto = proto,
                DestinationPort = AttackPlace.Open,
                Flags = Tcp.Syn,
                IcmpType = proto == Protocols.Icmp ? 8 : 128,
                Body = Attack.Mark.ToArray(),
            })));

    private static (Guest, byte[]) Arp(Attack a, MacAddress to, Guest sender, Guest target, int operation, MacAddress? mac = null)
    {
        var frame = Neighbour.Arp(Eve(a), AttackPlace.AddressOf(sender, false), AttackPlace.AddressOf(target, false), mac, operation);
        Packet.Mac(to).CopyTo(frame, 0);
        return (a.Place.Eve, frame);
    }

    // From an address of its own: its link-local one where it plays the router.
    private static (Guest, byte[]) Nd(Attack a, int type, Guest? source, Guest? target, MacAddress to, params byte[][] options) => Marked(a, Neighbour.Nd(type, Eve(a),
        source is null ? a.Place.World["eve"].LinkLocal : AttackPlace.AddressOf(source, true), to == s_allNodes ? s_nodes : AttackPlace.AddressOf(a.Place.Web, true),
        target is null ? null : AttackPlace.AddressOf(target, true), options) with
    { DestinationMac = to, SourcePort = type == Advertisement ? 0x2000 : 0 });
}
