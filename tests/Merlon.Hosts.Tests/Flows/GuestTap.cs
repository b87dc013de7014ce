using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Flows;

/// <summary>Counts what a guest sends and receives, by a packet socket inside the guest: nothing of Merlon's is asked.
/// Only TCP, UDP and echoes between known VMs count; a later fragment counts with its first.</summary>
public sealed class GuestTap : IDisposable
{
    private const int EveryProtocol = 0x0300, PacketLevel = 263, Statistics = 6;
    private const int Ethernet = 14, V4 = 0x0800, V6 = 0x86dd, FragmentHeader = 44;
    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly byte[] _mac;
    private readonly IReadOnlyDictionary<IPAddress, string> _vms;
    private readonly IReadOnlySet<int> _services;
    private readonly Dictionary<(IPAddress, IPAddress, uint), Way> _fragments = [];
    private readonly Lock _lock = new();
    private readonly Tally _sent = new(), _received = new();
    private volatile bool _stop;

    public GuestTap(Guest guest, IReadOnlyDictionary<IPAddress, string> vms, IReadOnlySet<int> services)
    {
        (_vms, _services) = (vms, services);
        _mac = PhysicalAddress.Parse(guest.Mac).GetAddressBytes();
        _socket = guest.Namespace.Enter(() => new Socket(AddressFamily.Packet, SocketType.Raw, (ProtocolType)EveryProtocol));
        _socket.ReceiveBufferSize = 8 << 20;
        _socket.ReceiveTimeout = 100;
        _thread = new Thread(Read) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>So far. Call it when the guest is silent.</summary>
    public (Tally Sent, Tally Received) Counts()
    {
        Thread.Sleep(300);
        lock (_lock) return (_sent.Plus(new()), _received.Plus(new()));
    }

    /// <summary>Packets that the socket had no room for: a count with any is worthless.</summary>
    public int Missed()
    {
        var statistics = new byte[8];
        _socket.GetRawSocketOption(PacketLevel, Statistics, statistics);
        return BitConverter.ToInt32(statistics, 4);
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _socket.Dispose();
    }

    private void Read()
    {
        var buffer = new byte[1 << 17];
        while (!_stop)
        {
            var length = _socket.Receive(buffer, 0, buffer.Length, SocketFlags.None, out var error);
            if (error == SocketError.Success && length > Ethernet) Count(buffer.AsSpan(0, length));
        }
    }

    private void Count(ReadOnlySpan<byte> frame)
    {
        var outgoing = frame[6..12].SequenceEqual(_mac);
        if (!outgoing && !frame[..6].SequenceEqual(_mac)) return;
        if (Parse(BinaryPrimitives.ReadUInt16BigEndian(frame[12..]), frame[Ethernet..]) is not var (way, bytes)) return;
        lock (_lock) (outgoing ? _sent : _received).Add(way, 1, bytes);
    }

    private (Way, int)? Parse(int kind, ReadOnlySpan<byte> ip)
    {
        if (kind is not (V4 or V6)) return null;
        var v6 = kind == V6;
        var (source, destination) = v6 ? (new IPAddress(ip[8..24]), new IPAddress(ip[24..40])) : (new IPAddress(ip[12..16]), new IPAddress(ip[16..20]));
        if (!_vms.TryGetValue(source, out var from) || !_vms.TryGetValue(destination, out var to)) return null;
        var length = v6 ? 40 + Big16(ip, 4) : Big16(ip, 2);
        int proto = v6 ? ip[6] : ip[9], at = v6 ? 40 : (ip[0] & 15) * 4, offset = v6 ? 0 : Big16(ip, 6) & 0x1fff;
        uint id = v6 ? 0U : (uint)Big16(ip, 4);
        if (v6 && proto == FragmentHeader)
        {
            (proto, offset, id) = (ip[40], Big16(ip, 42) & 0xfff8, BinaryPrimitives.ReadUInt32BigEndian(ip[44..]));
            at += 8;
        }
        if (offset > 0) return _fragments.TryGetValue((source, destination, id), out var first) ? (first, length) : null;
        if (WayOf(from, to, source, proto, ip[at..]) is not { } way) return null;
        _fragments[(source, destination, id)] = way;
        return (way, length);
    }

    private Way? WayOf(string from, string to, IPAddress source, int proto, ReadOnlySpan<byte> transport) => (proto, transport[0]) switch
    {
        (Way.Tcp or Way.Udp, _) => Way.Of(from, to, source, proto, Big16(transport, 0), Big16(transport, 2), _services),
        (Way.Icmp, 8 or 0) or (Way.Icmp6, 128 or 129) => new(from, to, proto == Way.Icmp6, proto, 0, transport[0] is 0 or 129),
        _ => null,
    };

    private static int Big16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
}
