using System.Diagnostics;
using System.Net.Sockets;
using Merlon.Bench.Places;

namespace Merlon.Bench.Workloads;

/// <summary>TCP connect, request, response, close between two real stacks, so many connections at once. Cost: CPU time of client and server
/// per connection, in ns.</summary>
internal sealed class Connects : Contestant, IDisposable
{
    private readonly Place _place;
    private readonly int _atOnce;
    private readonly Socket _listener;
    private readonly Worker _server;

    public Connects(string name, Place place, int atOnce) : base(name)
    {
        (_place, _atOnce) = (place, atOnce);
        _listener = place.Open(1, tcp: true);
        _listener.Bind(Place.Service);
        _listener.Listen(2 * atOnce);
        _server = new(Serve);
    }

    protected override Slice Play(TimeSpan length)
    {
        Slice? slice = null;
        // Sockets are made in the guest: the worker itself enters it.
        _place.Guests[0].Enter(() =>
        {
            Cpu.Stay();
            slice = Connect(length);
            return true;
        });
        return slice!;
    }

    public void Dispose()
    {
        _listener.Dispose();
        _server.Join();
    }

    private Slice Connect(TimeSpan length)
    {
        var (sent, answered, begin, own, other) = (0L, 0L, Stopwatch.GetTimestamp(), Cpu.ThreadNs(), _server.CpuNs);
        var sockets = new Socket[_atOnce];
        var one = new byte[1];
        while (Stopwatch.GetElapsedTime(begin) < length)
        {
            for (var i = 0; i < _atOnce; i++)
            {
                sockets[i] = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 3000 };
                sockets[i].Connect(Place.Service);
            }
            foreach (var socket in sockets) sent += socket.Send(one);
            foreach (var socket in sockets)
            {
                answered += socket.Receive(one);
                // The server closes first: what has to wait for late packets is there, and our ports are free at once.
                while (socket.Receive(one) > 0) { }
                socket.Dispose();
            }
        }
        return new(sent, answered, (Cpu.ThreadNs() - own + _server.CpuNs - other) / (double)sent);
    }

    private void Serve(Worker self)
    {
        var one = new byte[1];
        self.TellCpu();
        while (true)
        {
            using var socket = _listener.Accept();
            if (socket.Receive(one) > 0) socket.Send(one);
            socket.Shutdown(SocketShutdown.Both);
            self.TellCpu();
        }
    }
}
