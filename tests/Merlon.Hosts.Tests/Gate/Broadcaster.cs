using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;

namespace Merlon.Hosts.Tests.Gate;

/// <summary>Broadcasts datagrams all the time, two thousand a second: they wait in the queue of every tap before its guest runs.</summary>
public sealed class Broadcaster : IDisposable
{
    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly IPEndPoint _to;
    private volatile bool _stop;

    public Broadcaster(Guest from, int port)
    {
        _socket = from.Udp();
        _socket.EnableBroadcast = true;
        _to = new(IPAddress.Parse("10.9.255.255"), port);
        _thread = new Thread(Send) { IsBackground = true };
        _thread.Start();
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _socket.Dispose();
    }

    private void Send()
    {
        for (var datagram = new byte[16]; !_stop; Thread.Sleep(1))
            for (var i = 0; i < 2; i++) _socket.SendTo(datagram, _to);
    }
}
