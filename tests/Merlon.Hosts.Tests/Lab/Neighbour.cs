using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;

namespace Merlon.Hosts.Tests.Lab;

/// <summary>Somebody on a lab host's bridge whom nobody guards: what passes between it and a lab VM is decided at the VM alone. A namespace, so that it
/// takes no time from the VM. It serves echo on <see cref="Served"/> and counts what comes to <see cref="Forbidden"/>.</summary>
public sealed class Neighbour : IDisposable
{
    public const int Served = 80, Forbidden = 7000;
    public const string Address = "10.8.0.9";
    private readonly Guest _guest;
    private readonly Socket _server;
    private readonly UdpCounter _counter;
    private Thread? _flood;
    private volatile bool _stop;
    private long _sent;

    public Neighbour(string hostNamespace, string run)
    {
        _guest = new(NetNamespace.Of(hostNamespace), run, 9, "neighbour");
        _guest.Namespace.Ip("addr", "add", $"{Address}/24", "dev", "eth0");
        _counter = new(_guest, Forbidden);
        _server = _guest.Listen(Served);
        _ = Serve();
    }

    /// <summary>Datagrams sent.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Forbidden datagrams that came.</summary>
    public int Arrived => _counter.Seen().Count;

    /// <summary>Sends numbered datagrams, each from a new source port, until it is disposed.</summary>
    public void Flood(string to, int perSecond)
    {
        _flood = new(() => _guest.Namespace.Enter(() =>
        {
            var (datagram, end) = (new byte[16], new IPEndPoint(IPAddress.Parse(to), Forbidden));
            for (uint number = 0; !_stop; number++, Interlocked.Increment(ref _sent), Thread.Sleep(1000 / perSecond))
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                BinaryPrimitives.WriteUInt32BigEndian(datagram, number);
                socket.SendTo(datagram, end);
            }
            return true;
        }))
        { IsBackground = true };
        _flood.Start();
    }

    /// <summary>A new connection whose echo came back whole.</summary>
    public bool Reaches(string to, int port)
    {
        using var socket = _guest.Tcp();
        socket.ReceiveTimeout = 10000;
        var connected = socket.ConnectAsync(IPAddress.Parse(to), port);
        if (!connected.Wait(TimeSpan.FromSeconds(10))) return false;
        socket.Send("echo"u8);
        var answer = new byte[4];
        for (var got = 0; got < answer.Length;)
            if (socket.Receive(answer, got, answer.Length - got, SocketFlags.None) is var more and > 0) got += more;
            else return false;
        return answer.AsSpan().SequenceEqual("echo"u8);
    }

    /// <summary>A connection that stays.</summary>
    public Socket Connect(string to, int port)
    {
        var socket = _guest.Tcp();
        if (!socket.ConnectAsync(IPAddress.Parse(to), port).Wait(TimeSpan.FromSeconds(10))) throw new InvalidOperationException($"no connection to {to}:{port}");
        return socket;
    }

    public Socket Listen(int port) => _guest.Listen(port);

    public void Dispose()
    {
        _stop = true;
        _flood?.Join();
        _server.Dispose();
        _counter.Dispose();
        _guest.Dispose();
    }

    private async Task Serve()
    {
        try
        {
            while (true) _ = Echo(await _server.AcceptAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // disposed
        }
    }

    private static async Task Echo(Socket client)
    {
        await using var stream = new NetworkStream(client, ownsSocket: true);
        try
        {
            await stream.CopyToAsync(stream);
        }
        catch (IOException)
        {
            // the other end is gone
        }
    }
}
