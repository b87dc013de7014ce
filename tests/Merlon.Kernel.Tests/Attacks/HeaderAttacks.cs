using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Attacks;

/// <summary>Tags, fragments, options and flags that are to carry past the policy what it would refuse.</summary>
internal static class HeaderAttacks
{
    private static readonly byte[] s_rewrite = [0, 80, 0, 22, 0, 0, 0, 0];

    public static IEnumerable<AttackRow> Rows =>
    [
        Row("VLAN hopping with one tag", Reason.VlanTag, a => Tagged(a, [0x81, 0, 0, 1], [0x81, 0, 0, 10], [0x81, 0, 0x0f, 0xff], [0x88, 0xa8, 0, 10])),
        Row("VLAN hopping with two tags", Reason.VlanTag, a => Tagged(a, [0x81, 0, 0, 1, 0x81, 0, 0, 10], [0x88, 0xa8, 0, 1, 0x81, 0, 0, 10], [0x81, 0, 0, 0, 0x88, 0xa8, 0, 10])),
        Row("other makers' tags", Reason.Ethertype, a => Tagged(a, [0x91, 0, 0, 1], [0x92, 0, 0, 1], [0x88, 0x47, 0, 1])),
        .. Both("a first fragment too small for its header", Reason.Truncated, (a, v6) =>
            [Shot(a, Syn(a, v6) with { MoreFragments = true, LengthLie = -4 }), Shot(a, Whole(a, v6) with { Proto = Protocols.Sctp, MoreFragments = true, LengthLie = -4 })]),
        .. Both("later fragments that reach back over the header", Reason.Fragment, (a, v6) => [First(a, v6), .. new[] { 8, 16 }.Select(at => Shot(a, Whole(a, v6) with { FragmentOffset = at, Body = s_rewrite }))], opening: 1),
        .. Both("later fragments without their first", Reason.Fragment, (a, v6) => new[] { 8, 24, 1480, 65000 }.Select(at => Shot(a, Whole(a, v6) with { Id = 77, FragmentOffset = at, Body = s_rewrite }))),
        .. Both("fragments that reach behind the longest packet", Reason.Malformed, (a, v6) => [Shot(a, Whole(a, v6) with { Id = 77, FragmentOffset = 65528, Body = new byte[16] })]),
        .. Both("fragments of a datagram that no rule allows", Reason.Default, (a, v6) => [Shot(a, Whole(a, v6) with { Id = 78, MoreFragments = true, DestinationPort = AttackPlace.Shut, UdpLength = 64, Body = new byte[16] })]),
        .. Both("later fragments of a datagram that no rule allows", Reason.Fragment, (a, v6) => [Shot(a, Whole(a, v6) with { Id = 78, FragmentOffset = 24, Body = s_rewrite })]),
        Row("source routes", Reason.ExtensionHeader, a => new[] { (byte)131, (byte)137 }.Select(kind => Shot(a, Whole(a, false) with { Options = [kind, 7, 4, .. Packet.V4(AttackPlace.AddressOf(a.Place.Web, false)), 0] }))),
        Row("routing headers of type 0 and unknown extension headers", Reason.ExtensionHeader, a => new (int, byte[])[] { (43, [0, 0, 0, 1, 0, 0, 0, 0]), (51, new byte[8]), (135, new byte[8]), (253, new byte[8]) }
            .Select(header => Shot(a, Whole(a, true) with { Extensions = [header] }))),
        .. Both("a packet from its own addressee", Reason.SameAddresses, (a, v6) => [Shot(a, AttackPlace.Forged(a.Place.Out, a.Place.Db, a.Place.Db, v6) with { DestinationPort = AttackPlace.Open }, a.Place.Out)]),
        .. Both("flags that no stack sends", Reason.TcpInvalidFlags, (a, v6) => new[] { Tcp.None, Tcp.Fin, Tcp.Fin | Tcp.Syn, Tcp.Rst | Tcp.Syn, Tcp.Fin | Tcp.Psh | Tcp.Urg, (Tcp)63, Tcp.Rst | Tcp.Fin }
            .Select(f => Shot(a, a.Segment(true, v6, f), a.Place.Out))),
        .. Both("probes without a connection", Reason.TcpNoConnection, (a, v6) => new[] { Tcp.Ack, Tcp.FinAck, Tcp.Rst, Tcp.RstAck, Tcp.SynAck, Tcp.Psh | Tcp.Ack }.Select(f => Shot(a, Syn(a, v6) with { Flags = f }))),
    ];

    private static AttackRow Row(string name, Reason reason, Func<Attack, IEnumerable<(Guest, byte[])>> shots, int opening = 0) => new(name, Control.Headers, reason, shots, _ => opening);

    private static IEnumerable<AttackRow> Both(string name, Reason reason, Func<Attack, bool, IEnumerable<(Guest, byte[])>> shots, int opening = 0) =>
        new[] { false, true }.Select(v6 => Row($"{name}, {(v6 ? "IPv6" : "IPv4")}", reason, a => shots(a, v6), opening));

    private static (Guest, byte[]) Shot(Attack a, Packet packet, Guest? by = null) => (by ?? a.Place.Eve, packet.Bytes());

    // What eve may send; the rows change it into what she may not.
    private static Packet Whole(Attack a, bool v6) => AttackPlace.Forged(a.Place.Eve, a.Place.Eve, a.Place.Db, v6) with { SourcePort = 5000, DestinationPort = AttackPlace.Open };

    private static Packet Syn(Attack a, bool v6) => Whole(a, v6) with { Proto = Protocols.Tcp, Flags = Tcp.Syn, SourcePort = 5001 };

    private static (Guest, byte[]) First(Attack a, bool v6) => Shot(a, Whole(a, v6) with { Id = 76, MoreFragments = true, UdpLength = 64, Body = new byte[16] });

    private static IEnumerable<(Guest, byte[])> Tagged(Attack a, params byte[][] tags) => tags.SelectMany(tag => new[] { false, true }.Select(v6 => (Whole(a, v6) with { Body = Attack.Mark.ToArray() }).Bytes())
        .Select(frame => (a.Place.Eve, (byte[])[.. frame[..12], .. tag, .. frame[12..]])));
}
