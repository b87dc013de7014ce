using System.Buffers.Binary;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Fixtures;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Transparency;

/// <summary>A bad wire between two bridges: loses, repeats and reorders frames, and answers those that are too long for it as a
/// router would. What it did is counted.</summary>
internal sealed class Relay : IDisposable
{
    private const int Ethernet = 14;
    private static readonly byte[] s_plain = new byte[10];
    private static readonly MacAddress s_mac = new(0x5254000000fe);
    private static readonly Address s_v4 = Address.Parse("10.9.0.254"), s_v6 = Address.Parse("fd00:9::fe");
    private readonly GuestTap _left, _right;
    private readonly Thread[] _threads;
    private volatile bool _stop, _bad;
    private volatile int _mtu = 1500;
    private readonly long[,] _counts = new long[Enum.GetValues<WireCount>().Length, 2];

    public Relay(NetNamespace host, string left, string right, int seed)
    {
        (_left, _right) = (new(host, "left", left), new(host, "right", right));
        _threads = [new(() => Carry(_left, _right, new(seed))), new(() => Carry(_right, _left, new(seed + 1)))];
        foreach (var thread in _threads) thread.Start();
    }

    /// <summary>Whether it loses, repeats and reorders.</summary>
    public bool Bad { set => _bad = value; }

    /// <summary>The longest IP packet that passes.</summary>
    public int Mtu { set => _mtu = value; }

    /// <summary>How often since it was asked for that last, by IP version.</summary>
    public long Take(WireCount what, bool v6) => Interlocked.Exchange(ref _counts[(int)what, v6 ? 1 : 0], 0);

    public void Dispose()
    {
        _stop = true;
        foreach (var thread in _threads) thread.Join();
        _left.Dispose();
        _right.Dispose();
    }

    private void Carry(GuestTap from, GuestTap to, Random dice)
    {
        var buffer = new byte[1 << 16];
        byte[]? held = null;
        for (var rest = 0; !_stop;)
        {
            if (from.Next(buffer) is not { } frame)
            {
                // Nothing comes that the held one could fall behind.
                if (held is not null) to.TrySend(s_plain, held);
                held = null;
                from.Wait(TimeSpan.FromMilliseconds(held is null ? 20 : 1));
                continue;
            }
            Look(frame);
            if (frame.Length - Ethernet > _mtu)
            {
                Count(WireCount.TooLong, frame);
                if (TooLong(frame) is { } answer) from.TrySend(s_plain, answer);
                continue;
            }
            var fate = _bad && IsTcp(frame) ? dice.Next(100) : 100;
            if (fate < 2) Count(WireCount.Lost, frame);
            else if (fate < 5 && held is null) (held, rest) = (frame, dice.Next(1, 4));
            else to.TrySend(s_plain, frame);
            if (fate is >= 5 and < 8)
            {
                Count(WireCount.Repeated, frame);
                to.TrySend(s_plain, frame);
            }
            if (held is null || held == frame || --rest > 0) continue;
            Count(WireCount.Reordered, held);
            to.TrySend(s_plain, held);
            held = null;
        }
    }

    private void Count(WireCount what, byte[] frame) => Interlocked.Increment(ref _counts[(int)what, IsV6(frame) ? 1 : 0]);

    // What the ends' stacks really did.
    private void Look(byte[] frame)
    {
        if (!IsTcp(frame)) return;
        var tcp = Ethernet + (IsV6(frame) ? 40 : 20);
        var (flags, header) = ((Tcp)frame[tcp + 13], frame[tcp + 12] >> 4 << 2);
        if ((flags & Tcp.SynAck) == Tcp.Syn && frame.Length > tcp + header) Count(WireCount.DataOnSyn, frame);
        if (flags.HasFlag(Tcp.Rst)) Count(WireCount.Resets, frame);
        if (HasSack(frame.AsSpan(tcp + 20, header - 20))) Count(WireCount.SackBlocks, frame);
    }

    // RFC 2018 3: option 5.
    private static bool HasSack(ReadOnlySpan<byte> options)
    {
        while (options.Length > 1 && options[0] != 0)
        {
            if (options[0] == 5) return true;
            options = options[(options[0] == 1 ? 1 : Math.Max((int)options[1], 2))..];
        }
        return false;
    }

    private static bool IsV6(byte[] frame) => frame[12] == 0x86;

    private static bool IsTcp(byte[] frame) => (frame[12], frame[13]) switch
    {
        (0x08, 0x00) => frame[Ethernet + 9] == Protocols.Tcp,
        (0x86, 0xdd) => frame[Ethernet + 6] == Protocols.Tcp,
        _ => false,
    };

    // RFC 1191, RFC 8201: what a router says, quoting the packet's beginning.
    private byte[]? TooLong(byte[] frame)
    {
        var v6 = IsV6(frame);
        var source = v6 ? new Address(BinaryPrimitives.ReadUInt128BigEndian(frame.AsSpan(Ethernet + 8)), AddressFamily.IPv6)
            : new Address(BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(Ethernet + 12)), AddressFamily.IPv4);
        var to = frame.AsSpan(6, 6);
        var answer = new Packet(v6 ? s_v6 : s_v4, source)
        {
            SourceMac = s_mac,
            DestinationMac = new((ulong)BinaryPrimitives.ReadUInt16BigEndian(to) << 32 | BinaryPrimitives.ReadUInt32BigEndian(to[2..])),
            Proto = v6 ? Protocols.Icmp6 : Protocols.Icmp,
            IcmpType = v6 ? 2 : 3,
            IcmpCode = v6 ? 0 : 4,
            SourcePort = 0,
            Body = frame[Ethernet..(Ethernet + 128)],
        }.Bytes();
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(Ethernet + (v6 ? 40 : 20) + 6), (ushort)_mtu);
        return Checksums.Fill(answer);
    }
}
