using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Attacks;

/// <summary>Forged ICMP errors about a live connection (RFC 5927): to end it, or to lower its path MTU.</summary>
internal static class ErrorAttacks
{
    /// <summary>Type and code: hard errors, too big, time exceeded, parameter problem.</summary>
    private static readonly (int Type, int Code)[] s_v4 = [(3, 1), (3, 2), (3, 3), (3, 4), (3, 13), (11, 0), (12, 0)], s_v6 = [(1, 0), (1, 4), (2, 0), (3, 0), (4, 0), (4, 1)];

    public static IEnumerable<AttackRow> Rows =>
    [
        .. Both("errors that quote numbers of the whole space", Control.Windows, (a, v6) => from kind in new[] { v6 ? (1, 4) : (3, 3), v6 ? (2, 0) : (3, 4) }
            from number in a.WholeSpace(true, v6) select (a.Place.Out, Error(a, a.Place.Out, v6, kind, Quote(a, v6) with { Seq = number })),
            (a, v6) => 2 * a.WholeSpace(true, v6).Count(n => a.SentLately(true, v6, n))),
        .. Both("errors that quote what was never sent", Control.Windows, (a, v6) => from kind in v6 ? s_v6 : s_v4 from number in new uint[] { 2, 3, 0x40000000, 0x80000000, 0xc0000000 }
            select (a.Place.Out, Error(a, a.Place.Out, v6, kind, Quote(a, v6) is var q ? q with { Seq = q.Seq + number } : q))),
        .. Both("errors of a guest about its neighbours' connection", Control.Headers, (a, v6) => (v6 ? s_v6 : s_v4).Select(k => (a.Place.Eve, Error(a, a.Place.Eve, v6, k, Quote(a, v6))))),
        .. Both("errors about what the other end sent", Control.Headers, (a, v6) => (v6 ? s_v6 : s_v4).Select(k => (a.Place.Out, Error(a, a.Place.Out, v6, k, a.Segment(false, v6, Tcp.Ack))))),
        .. Both("errors about no connection", Control.Headers, (a, v6) => (v6 ? s_v6 : s_v4).SelectMany(k => new[] { Quote(a, v6) with { SourcePort = 9 }, Quote(a, v6) with { Proto = Protocols.Udp, Data = 8 } }
            .Select(q => (a.Place.Out, Error(a, a.Place.Out, v6, k, q))))),
    ];

    private static Packet Quote(Attack a, bool v6) => a.Segment(true, v6, Tcp.Ack) is var next ? next with { Seq = next.Seq - 1 } : next;

    // To web, from an address of the sender's own or from the address of a router that it is not. An MTU of 576, in the field of either version.
    private static byte[] Error(Attack a, Guest by, bool v6, (int Type, int Code) kind, Packet quoted) => (AttackPlace.Forged(by, by, a.Place.Web, v6) with
    {
        Proto = v6 ? Protocols.Icmp6 : Protocols.Icmp,
        IcmpType = kind.Type,
        IcmpCode = kind.Code,
        SourcePort = 0,
        Body = [.. Checksums.Fill(quoted.Bytes())[14..]],
    }).Bytes();

    private static IEnumerable<AttackRow> Both(string name, Control control, Func<Attack, bool, IEnumerable<(Guest, byte[])>> shots, Func<Attack, bool, int>? mayArrive = null) =>
        new[] { false, true }.Select(v6 => new AttackRow($"{name}, {(v6 ? "IPv6" : "IPv4")}", control, Reason.IcmpUnrelated, a => shots(a, v6), a => mayArrive?.Invoke(a, v6) ?? 0));
}
