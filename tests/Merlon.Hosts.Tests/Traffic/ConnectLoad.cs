using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>Opens short TCP connections at a steady rate: connect, send a number, get it back, close.</summary>
public sealed class ConnectLoad : IDisposable
{
    private readonly Guest _from;
    private readonly IPEndPoint _to;
    private readonly int _perSecond;
    private readonly Socket _listener;
    private readonly Thread[] _threads;
    private volatile bool _stop;
    private int _done, _failed;

    public ConnectLoad(Guest from, Guest to, IPAddress address, int port, int perSecond)
    {
        _from = from;
        _to = new IPEndPoint(address, port);
        _perSecond = perSecond;
        _listener = to.Listen(port);
        _threads = [new Thread(Serve) { IsBackground = true }, new Thread(Connect) { IsBackground = true }];
        foreach (var thread in _threads) thread.Start();
    }

    public (int Done, int Failed) Counts => (Volatile.Read(ref _done), Volatile.Read(ref _failed));

    public void Dispose()
    {
        _stop = true;
        _threads[1].Join();
        _listener.Dispose();
        _threads[0].Join();
    }

    private void Serve()
    {
        var buffer = new byte[8];
        try
        {
            while (true)
            {
                using var socket = _listener.Accept();
                socket.ReceiveTimeout = 2000;
                if (socket.Receive(buffer, 0, 8, SocketFlags.None, out _) == 8) socket.Send(buffer, 0, 8, SocketFlags.None, out _);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the listener is gone: the load is over
        }
    }

    private void Connect()
    {
        var clock = Stopwatch.StartNew();
        for (long n = 0; !_stop; n++)
        {
            var wait = n * 1000.0 / _perSecond - clock.Elapsed.TotalMilliseconds;
            if (wait > 1) Thread.Sleep((int)wait);
            if (One(n)) Interlocked.Increment(ref _done);
            else Interlocked.Increment(ref _failed);
        }
    }

    private bool One(long number)
    {
        var buffer = BitConverter.GetBytes(number);
        using var socket = _from.Tcp();
        socket.ReceiveTimeout = 5000;
        try
        {
            socket.Connect(_to);
            socket.Send(buffer);
            return socket.Receive(buffer) == 8 && BitConverter.ToInt64(buffer) == number;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
