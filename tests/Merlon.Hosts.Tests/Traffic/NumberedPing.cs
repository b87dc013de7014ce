using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>Numbers in ICMP echo requests of one identifier, seen by a raw socket of the guest that is asked; its kernel answers.</summary>
public sealed class NumberedPing : NumberedStream
{
    private const int Header = 8;
    private readonly Socket _sender, _receiver;
    private readonly EndPoint _to;
    private readonly bool _v6;
    private readonly ushort _id;
    private readonly byte[] _out = new byte[Header + 8], _in = new byte[256];

    public NumberedPing(Guest from, Guest to, IPAddress address, ushort id)
    {
        _v6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        Name = $"ping {id} {Family(address)}";
        (_id, _to) = (id, new IPEndPoint(address, 0));
        var protocol = _v6 ? ProtocolType.IcmpV6 : ProtocolType.Icmp;
        _receiver = Open(to, address, SocketType.Raw, protocol);
        _sender = Open(from, address, SocketType.Raw, protocol);
        Start();
    }

    public override string Name { get; }

    private byte Request => (byte)(_v6 ? 128 : 8);

    protected override void Transmit(long number)
    {
        _out.AsSpan().Clear();
        _out[0] = Request;
        BinaryPrimitives.WriteUInt16BigEndian(_out.AsSpan(4), _id);
        BinaryPrimitives.WriteUInt16BigEndian(_out.AsSpan(6), (ushort)number);
        BinaryPrimitives.WriteInt64BigEndian(_out.AsSpan(Header), number);
        if (!_v6) BinaryPrimitives.WriteUInt16BigEndian(_out.AsSpan(2), InternetChecksum.Of(_out)); // ICMPv6: the kernel's work
        try
        {
            _sender.SendTo(_out, _to);
        }
        catch (SocketException)
        {
            // not sent: counts as not received
        }
    }

    protected override void Receive()
    {
        var n = _receiver.Receive(_in, 0, _in.Length, SocketFlags.None, out var error);
        if (error != SocketError.Success) return;
        var at = _v6 ? 0 : (_in[0] & 15) * 4; // an IPv4 raw socket delivers the IP header too
        if (n >= at + Header + 8 && _in[at] == Request && BinaryPrimitives.ReadUInt16BigEndian(_in.AsSpan(at + 4)) == _id) Arrived(_in.AsSpan(at + Header));
    }

    protected override void Close()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }
}
