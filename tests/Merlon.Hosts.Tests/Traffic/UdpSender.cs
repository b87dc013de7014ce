using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>Sends numbered datagrams from a guest.</summary>
public sealed class UdpSender(Guest guest, IPAddress to, int port) : IDisposable
{
    private readonly Socket _socket = guest.Udp();
    private readonly EndPoint _to = new IPEndPoint(to, port);
    private readonly byte[] _buffer = new byte[64];

    /// <summary>Known after the first send.</summary>
    public int LocalPort => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public void Send(long number)
    {
        BinaryPrimitives.WriteInt64BigEndian(_buffer, number);
        try
        {
            _socket.SendTo(_buffer, _to);
        }
        catch (SocketException)
        {
            // an ICMP error of an earlier datagram: the number counts as not delivered
        }
    }

    /// <summary>So many datagrams of one port, numbered from 0.</summary>
    public static void Burst(Guest from, Guest to, int port, int count)
    {
        using var sender = new UdpSender(from, to.Ip4, port);
        for (var n = 0; n < count; n++) sender.Send(n);
    }

    public void Dispose() => _socket.Dispose();
}
