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
    private long _lost, _repeated, _reordered, _tooLong;

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

    public (long Lost, long Repeated, long Reordered, long TooLong) Counts => (Interlocked.Read(ref _lost), Interlocked.Read(ref _repeated), Interlocked.Read(ref _reordered), Interlocked.Read(ref _tooLong));

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
            if (frame.Length - Ethernet > _mtu)
            {
                Interlocked.Increment(ref _tooLong);
                if (TooLong(frame) is { } answer) from.TrySend(s_plain, answer);
                continue;
            }
            var fate = _bad && IsTcp(frame) ? dice.Next(100) : 100;
            if (fate < 2) Interlocked.Increment(ref _lost);
            else if (fate < 5 && held is null) (held, rest) = (frame, dice.Next(1, 4));
            else to.TrySend(s_plain, frame);
            if (fate is >= 5 and < 8)
            {
                Interlocked.Increment(ref _repeated);
                to.TrySend(s_plain, frame);
            }
            if (held is null || held == frame || --rest > 0) continue;
            Interlocked.Increment(ref _reordered);
            to.TrySend(s_plain, held);
            held = null;
        }
    }

    private static bool IsTcp(byte[] frame) => (frame[12], frame[13]) switch
    {
        (0x08, 0x00) => frame[Ethernet + 9] == Protocols.Tcp,
        (0x86, 0xdd) => frame[Ethernet + 6] == Protocols.Tcp,
        _ => false,
    };

    // RFC 1191, RFC 8201: what a router says, quoting the packet's beginning.
    private byte[]? TooLong(byte[] frame)
    {
        var v6 = frame[12] == 0x86;
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
