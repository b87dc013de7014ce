using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>Many UDP connections from one guest to one port of another, which answers each datagram.</summary>
public sealed class ManyConnections : IDisposable
{
    private readonly Socket _receiver;
    private readonly Socket[] _senders;
    private readonly Thread _thread;
    private volatile bool _stop;
    private long _received;

    public ManyConnections(Guest from, Guest to, int port, int count)
    {
        _receiver = to.Udp(port);
        _receiver.ReceiveTimeout = 100;
        _senders = from.Namespace.Enter(() => Enumerable.Range(0, count).Select(_ =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { SendTimeout = 1000 };
            socket.Connect(to.Ip4, port);
            return socket;
        }).ToArray());
        _thread = new(Answer) { IsBackground = true };
        _thread.Start();
    }

    public int Count => _senders.Length;

    /// <summary>One datagram on each connection; how many of them did not arrive.</summary>
    public int Round()
    {
        var lost = 0;
        foreach (var some in _senders.Chunk(50))
        {
            var wanted = Interlocked.Read(ref _received) + some.Length;
            foreach (var socket in some) socket.Send("12345678"u8, SocketFlags.None, out _);
            var clock = Stopwatch.StartNew();
            while (Interlocked.Read(ref _received) < wanted && clock.ElapsedMilliseconds < 2000) Thread.Yield();
            lost += (int)Math.Max(0, wanted - Interlocked.Read(ref _received));
        }
        return lost;
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        foreach (var socket in _senders) socket.Dispose();
        _receiver.Dispose();
    }

    private void Answer()
    {
        var buffer = new byte[64];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        while (!_stop)
        {
            try
            {
                var n = _receiver.ReceiveFrom(buffer, ref from);
                _receiver.SendTo(buffer, 0, n, SocketFlags.None, from);
                Interlocked.Increment(ref _received);
            }
            catch (SocketException)
            {
                // nothing came in time
            }
        }
    }
}
