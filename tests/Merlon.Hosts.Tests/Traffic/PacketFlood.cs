using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>Packets from a guest as fast as it can, each of its own connection or datagram, to an address behind another guest's MAC
/// that answers nothing.</summary>
public sealed class PacketFlood : IDisposable
{
    /// <summary>syn, udp, fragments (first ones, of TCP), later (fragments whose first never came), sources (IPv6, each packet from another address).</summary>
    public static readonly string[] Kinds = ["syn", "udp", "fragments", "later", "sources"];

    private const int Ip4 = 20, Ip6 = 40, Tcp = 20;
    private static readonly IPAddress s_four = IPAddress.Parse("10.9.200.1"), s_six = IPAddress.Parse("fd00:9::c8:1");
    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly Guest _from;
    private readonly string _kind;
    private volatile bool _stop;
    private long _sent;

    public PacketFlood(Guest from, Guest behind, string kind)
    {
        (_from, _kind) = (from, kind);
        foreach (var address in new[] { s_four, s_six }) from.Namespace.Ip("neigh", "replace", $"{address}", "lladdr", behind.Mac, "dev", "eth0", "nud", "permanent");
        // With this protocol the sender writes the IP header (raw(7), ipv6(7)).
        _socket = from.Namespace.Enter(() => new Socket(kind == "sources" ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Raw));
        _thread = new(Send) { IsBackground = true };
        _thread.Start();
    }

    public long Sent => Interlocked.Read(ref _sent);

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _socket.Dispose();
    }

    private void Send()
    {
        var to = new IPEndPoint(_kind == "sources" ? s_six : s_four, 0);
        for (uint n = 0; !_stop; n++)
        {
            _socket.SendTo(_kind == "sources" ? Six(n) : Four(n), SocketFlags.None, to);
            Interlocked.Increment(ref _sent);
        }
    }

    private byte[] Four(uint n)
    {
        var p = new byte[Ip4 + (_kind == "udp" ? 8 : _kind is "fragments" or "later" ? Tcp + 4 : Tcp)];
        p[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(p.AsSpan(2), (ushort)p.Length);
        BinaryPrimitives.WriteUInt16BigEndian(p.AsSpan(4), (ushort)(n | 1));
        if (_kind == "fragments") p[6] = 0x20;
        if (_kind == "later") p[7] = 185; // 1480 bytes on
        (p[8], p[9]) = (64, (byte)(_kind == "udp" ? 17 : 6));
        _from.Ip4.TryWriteBytes(p.AsSpan(12), out _);
        s_four.TryWriteBytes(p.AsSpan(16), out _);
        Transport(p.AsSpan(Ip4), n, udp: _kind == "udp");
        return p;
    }

    private static byte[] Six(uint n)
    {
        var p = new byte[Ip6 + Tcp];
        p[0] = 0x60;
        (p[5], p[6], p[7]) = (Tcp, 6, 64);
        (p[8], p[9]) = (0xfd, 0);
        BinaryPrimitives.WriteUInt64BigEndian(p.AsSpan(16), n * 0x9e3779b97f4a7c15);
        s_six.TryWriteBytes(p.AsSpan(24), out _);
        Transport(p.AsSpan(Ip6), n, udp: false);
        return p;
    }

    // A port pair for each number, SYN.
    private static void Transport(Span<byte> p, uint n, bool udp)
    {
        BinaryPrimitives.WriteUInt16BigEndian(p, (ushort)(1024 + n % 60000));
        BinaryPrimitives.WriteUInt16BigEndian(p[2..], (ushort)(1 + n / 60000));
        if (udp)
        {
            p[5] = 8;
            return;
        }
        (p[12], p[13], p[14]) = (0x50, 2, 0xff);
        BinaryPrimitives.WriteUInt32BigEndian(p[4..], n);
    }
}
