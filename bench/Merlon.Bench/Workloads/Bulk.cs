using System.Diagnostics;
using System.Net.Sockets;
using Merlon.Bench.Places;

namespace Merlon.Bench.Workloads;

/// <summary>One TCP stream between two real stacks, as fast as it goes, offloads on. Cost: CPU time of sender and receiver per byte, in ns.</summary>
internal sealed class Bulk : Contestant, IDisposable
{
    private readonly Socket _client, _server;
    private readonly Worker _receiver;
    private long _received;

    public Bulk(string name, Place place) : base(name)
    {
        using var listener = place.Open(1, tcp: true);
        listener.Bind(Place.Service);
        listener.Listen(1);
        _client = place.Open(0, tcp: true);
        _client.Connect(Place.Service);
        _client.SendTimeout = 5000;
        _server = listener.Accept();
        _receiver = new(Receive);
    }

    protected override Slice Play(TimeSpan length)
    {
        Slice? slice = null;
        new Worker(_ => slice = Send(length)).Join();
        return slice ?? throw new InvalidOperationException($"{Name}: the stream stands");
    }

    public void Dispose()
    {
        _client.Dispose();
        _receiver.Join();
        _server.Dispose();
    }

    private Slice Send(TimeSpan length)
    {
        var block = new byte[64 << 10];
        var (before, sent, begin, own, other) = (Interlocked.Read(ref _received), 0L, Stopwatch.GetTimestamp(), Cpu.ThreadNs(), _receiver.CpuNs);
        while (Stopwatch.GetElapsedTime(begin) < length) sent += _client.Send(block);
        var used = Cpu.ThreadNs() - own;
        for (var i = 0; i < 1000 && Interlocked.Read(ref _received) - before < sent; i++) Thread.Sleep(1);
        return new(sent, Interlocked.Read(ref _received) - before, (used + _receiver.CpuNs - other) / (double)sent);
    }

    private void Receive(Worker self)
    {
        var block = new byte[256 << 10];
        self.TellCpu();
        for (int got; (got = _server.Receive(block)) > 0;)
        {
            self.TellCpu();
            Interlocked.Add(ref _received, got);
        }
    }
}
