using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;

namespace Merlon.Kernel.Tests.Attacks;

/// <summary>Blind injection into a live TCP connection by a neighbour that knows both addresses and ports (RFC 5961).</summary>
internal static class SequenceAttacks
{
    private const int Ethernet = 14, Seq = 4, Ack = 8;

    public static IEnumerable<AttackRow> Rows =>
    [
        .. Each("resets over the whole space", (a, web, v6) => Sweep(a, a.Segment(web, v6, Tcp.Rst), a.WholeSpace(web, v6)), Fitting),
        .. Each("resets around every bound", (a, web, v6) => Sweep(a, a.Segment(web, v6, Tcp.Rst), a.Edges(web, v6)), FittingAtEdges),
        .. Each("SYN-ACKs over the whole space", (a, web, v6) => Sweep(a, a.Segment(web, v6, Tcp.SynAck), a.WholeSpace(web, v6)), FittingWithSyn),
        .. Each("data over the whole space with a guessed acknowledgement",
            (a, web, v6) => Sweep(a, a.Segment(web, v6, Tcp.Psh | Tcp.Ack) is var p ? p with { Ack = p.Ack + 0x40000000, Data = 16 } : p, a.WholeSpace(web, v6)), None),
        .. Each("acknowledgements over the whole space of a guessed number",
            (a, web, v6) => a.Segment(web, v6, Tcp.Psh | Tcp.Ack) is var p ? Sweep(a, p with { Seq = p.Seq - 0x40000000, Data = 16 }, a.WholeSpace(!web, v6), Ack) : [], None),
        .. Each("ends around every bound with a guessed acknowledgement",
            (a, web, v6) => Sweep(a, a.Segment(web, v6, Tcp.FinAck) is var p ? p with { Ack = p.Ack - 0x40000000 } : p, a.Edges(web, v6)), None),
        // What web may open, nobody but db can tell from a new start of web's: it arrives, is challenged (RFC 5961 4.2) and replaces nothing.
        .. Both("SYNs of the opener over the whole space", v6 => new("", Control.Windows, Reason.None,
            a => Sweep(a, a.Segment(true, v6, Tcp.Syn), a.WholeSpace(true, v6)), a => a.WholeSpace(true, v6).Count())),
        // So does the first half of a handshake that neither end has sent; the second is told from the real one.
        .. Both("a handshake in the name of both ends", v6 => new("", Control.Windows, Reason.TcpInvalidState,
            a => [(a.Place.Out, a.Segment(true, v6, Tcp.Syn, seq: 5000).Bytes()), (a.Place.Out, a.Segment(false, v6, Tcp.SynAck, seq: 9000, ack: 5001).Bytes())], _ => 1)),
        // What db may not open is refused by policy, connection or not.
        .. Both("SYNs of the answering end over the whole space", v6 => new("", Control.Headers, Reason.Default,
            a => Sweep(a, a.Segment(false, v6, Tcp.Syn), a.WholeSpace(false, v6)), _ => 0)),
    ];

    private static IEnumerable<(Guest By, byte[] Frame)> Sweep(Attack a, Packet packet, IEnumerable<uint> numbers, int field = Seq) =>
        Attack.WithNumbers(packet, numbers, Ethernet + (packet.IsV6 ? 40 : 20) + field).Select(f => (a.Place.Out, f));

    private static int Fitting(Attack a, bool web, bool v6) => a.WholeSpace(web, v6).Count(n => a.InWindow(web, v6, n));

    private static int FittingAtEdges(Attack a, bool web, bool v6) => a.Edges(web, v6).Count(n => a.InWindow(web, v6, n));

    // A SYN counts one: its end is what the lower bound asks for.
    private static int FittingWithSyn(Attack a, bool web, bool v6) => a.WholeSpace(web, v6).Count(n => a.InWindow(web, v6, n) || a.InWindow(web, v6, n + 1));

    private static int None(Attack a, bool web, bool v6) => 0;

    private static IEnumerable<AttackRow> Each(string name, Func<Attack, bool, bool, IEnumerable<(Guest, byte[])>> shots, Func<Attack, bool, bool, int> mayArrive) =>
        new[] { (true, false), (false, false), (true, true), (false, true) }.Select(k => new AttackRow(
            $"{name}, as {(k.Item1 ? "the opener" : "the answering end")}, {Version(k.Item2)}", Control.Windows, Reason.TcpOutOfWindow, a => shots(a, k.Item1, k.Item2), a => mayArrive(a, k.Item1, k.Item2)));

    private static IEnumerable<AttackRow> Both(string name, Func<bool, AttackRow> row) => new[] { false, true }.Select(v6 => row(v6) with { Name = $"{name}, {Version(v6)}" });

    private static string Version(bool v6) => v6 ? "IPv6" : "IPv4";
}
