using Merlon.Contracts.Wire;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Agent.Migration;

/// <summary>A travelling connection as a row of numbers. What is near another number goes as the difference, so that a column packs well.</summary>
internal static class ConnectionColumns
{
    /// <summary>Columns of a row. Later versions only add some at the end, and a reader leaves those alone.</summary>
    public const int Count = 33;

    private const int PerEnd = 10;

    /// <summary>Of a connection, not of a host.</summary>
    public const ConnFlags Travelling = ConnFlags.ScaleOk | ConnFlags.Liberal;

    /// <param name="rule">Number of a rule's name.</param>
    public static ulong[] Row(TravellingConnection c, int rule)
    {
        var v6 = c.Own.Address.Family == AddressFamily.IPv6;
        return
        [
            (ulong)c.Nic, c.Vlan, c.Proto, v6 ? 1UL : 0, c.Opened ? 1UL : 0, (ulong)c.State, (ulong)(c.Flags & Travelling),
            Ms(c.Age), Ms(c.Idle), Ms(c.Remaining), (ulong)rule,
            .. End(c.Own), .. End(c.Peer), c.Own.Ack - c.Peer.Window.End, c.Peer.Ack - c.Own.Window.End,
        ];
    }

    /// <summary>Throws <see cref="ContractException"/> for what is no connection at all; whether it may be here is asked later.</summary>
    public static TravellingConnection Read(ReadOnlySpan<ulong> row, IReadOnlyList<string> rules)
    {
        var family = Below(row[3], 2, "family") == 1 ? AddressFamily.IPv6 : AddressFamily.IPv4;
        var (own, peer) = (End(row.Slice(11, PerEnd), family), End(row.Slice(11 + PerEnd, PerEnd), family));
        own = own with { Ack = (uint)Below(row[^2], 1UL << 32, "ack") + peer.Window.End };
        peer = peer with { Ack = (uint)Below(row[^1], 1UL << 32, "ack") + own.Window.End };
        return new(
            (int)Below(row[0], Limits.NicsOfVm, "nic"), (uint)Below(row[1], 1UL << 32, "vlan"), (byte)Below(row[2], 256, "protocol"), own, peer,
            Below(row[4], 2, "opened") == 1, (ConnState)Below(row[5], (ulong)ConnState.Gone, "state"), (ConnFlags)Below(row[6], 256, "flags") & Travelling,
            Time(row[7]), Time(row[8]), Time(row[9]), rules[(int)Below(row[10], (ulong)rules.Count, "rule")]);
    }

    private static ulong[] End(TravellingEnd e) =>
    [
        (ulong)(e.Address.Bits >> 64), (ulong)e.Address.Bits, e.Port, e.Fin ? 1UL : 0, e.Scale,
        e.Window.End, e.Window.MaxEnd - e.Window.End, e.Window.MaxWin, e.Packets, e.Bytes,
    ];

    private static TravellingEnd End(ReadOnlySpan<ulong> row, AddressFamily family)
    {
        var bits = (UInt128)row[0] << 64 | row[1];
        Expect.That(family == AddressFamily.IPv6 ? bits >> 32 != 0xffff : bits >> 32 == 0, "address", "is not of its family");
        var end = (uint)Below(row[5], 1UL << 32, "window");
        var window = new ConnWindow { End = end, MaxEnd = end + (uint)Below(row[6], 1UL << 32, "window"), MaxWin = (uint)Below(row[7], 1UL << 32, "window") };
        return new(new(bits, family), (ushort)Below(row[2], 1 << 16, "port"), Below(row[3], 2, "fin") == 1, (byte)Below(row[4], 15, "scale"), window, 0, row[8], row[9]);
    }

    private static ulong Ms(TimeSpan time) => (ulong)Math.Clamp(time.TotalMilliseconds, 0, uint.MaxValue);

    private static TimeSpan Time(ulong ms) => TimeSpan.FromMilliseconds(Below(ms, 1UL << 32, "time"));

    private static ulong Below(ulong value, ulong limit, string what)
    {
        Expect.That(value < limit, what, $"{value} is not below {limit}");
        return value;
    }
}
