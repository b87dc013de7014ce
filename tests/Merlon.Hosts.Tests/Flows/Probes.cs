using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;

namespace Merlon.Hosts.Tests.Flows;

/// <summary>Numbered traffic of guests, both families.</summary>
public static class Probes
{
    public const int Echo = 8, Echo6 = 128;

    public static Socket Open(Guest guest, IPAddress family, SocketType type, ProtocolType protocol, int port = 0) => guest.Namespace.Enter(() =>
    {
        var socket = new Socket(family.AddressFamily, type, protocol) { SendTimeout = 5000, ReceiveTimeout = 5000 };
        if (port > 0) socket.Hold(port);
        return socket;
    });

    /// <summary>Datagrams number 0 to <paramref name="count"/> - 1 from one socket.</summary>
    public static void Datagrams(Guest from, IPAddress to, int port, int count, int size = 64)
    {
        using var socket = Open(from, to, SocketType.Dgram, ProtocolType.Udp);
        var buffer = new byte[size];
        for (var n = 0; n < count; n++)
        {
            BinaryPrimitives.WriteInt32BigEndian(buffer, n);
            socket.SendTo(buffer, new IPEndPoint(to, port));
            if (n % 20 == 19) Thread.Sleep(5);
        }
    }

    /// <summary>The numbers that have arrived, in order of arrival.</summary>
    public static List<int> Arrived(Socket socket)
    {
        Thread.Sleep(100);
        var numbers = new List<int>();
        var buffer = new byte[65536];
        while (socket.Poll(0, SelectMode.SelectRead))
        {
            socket.Receive(buffer);
            numbers.Add(BinaryPrimitives.ReadInt32BigEndian(buffer));
        }
        return numbers;
    }

    /// <summary>Echo requests 0 to <paramref name="count"/> - 1 of one identifier.</summary>
    public static void Pings(Guest from, IPAddress to, int id, int count)
    {
        var v6 = to.AddressFamily == AddressFamily.InterNetworkV6;
        using var socket = Open(from, to, SocketType.Raw, v6 ? ProtocolType.IcmpV6 : ProtocolType.Icmp);
        var packet = new byte[48];
        packet[0] = (byte)(v6 ? Echo6 : Echo);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)id);
        for (var n = 0; n < count; n++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), (ushort)n);
            packet[2] = packet[3] = 0; // the kernel fills in ICMPv6's
            if (!v6) BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), InternetChecksum.Of(packet));
            socket.SendTo(packet, new IPEndPoint(to, 0));
            Thread.Sleep(2);
        }
    }

    /// <summary>A connection that has carried numbers there and back.</summary>
    public static (Socket Client, Socket Server) Connect(Guest from, Guest to, IPAddress address, int port, int numbers)
    {
        using var listener = Open(to, address, SocketType.Stream, ProtocolType.Tcp, port);
        listener.Listen();
        var client = Open(from, address, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(new IPEndPoint(address, port));
        var server = listener.Accept();
        server.ReceiveTimeout = 5000;
        var buffer = new byte[4];
        for (var n = 0; n < numbers; n++)
        {
            BinaryPrimitives.WriteInt32BigEndian(buffer, n);
            Pass(client, server, buffer, n);
            Pass(server, client, buffer, n);
        }
        return (client, server);
    }

    /// <summary>Both ends say that they are finished.</summary>
    public static void Finish((Socket Client, Socket Server) ends)
    {
        ends.Client.Shutdown(SocketShutdown.Send);
        if (ends.Server.Receive(new byte[4]) != 0) throw new InvalidOperationException("more than was sent");
        ends.Server.Shutdown(SocketShutdown.Send);
        if (ends.Client.Receive(new byte[4]) != 0) throw new InvalidOperationException("more than was sent");
        ends.Server.Dispose();
        ends.Client.Dispose();
    }

    /// <summary>Leaves with a reset instead of a FIN, and at once.</summary>
    public static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    /// <summary>Asks for a connection and gives up after a moment.</summary>
    public static void Knock(Guest from, IPAddress to, int port)
    {
        using var socket = Open(from, to, SocketType.Stream, ProtocolType.Tcp);
        socket.Blocking = false;
        try
        {
            socket.Connect(new IPEndPoint(to, port));
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            Thread.Sleep(300);
        }
    }

    private static void Pass(Socket from, Socket to, byte[] buffer, int number)
    {
        from.Send(buffer);
        if (to.Receive(buffer) != 4 || BinaryPrimitives.ReadInt32BigEndian(buffer) != number) throw new InvalidOperationException($"number {number} did not arrive");
    }
}
