using System.Diagnostics;
using System.Net;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>Sends numbered pairs of datagrams to two ports, from one thread per CPU; remembers which pairs were sent while the
/// kernel's generation stood still, and which generations began among its packets.</summary>
public sealed class PairSenders : IDisposable
{
    private static readonly TimeSpan s_close = TimeSpan.FromMilliseconds(3);
    private readonly Thread[] _threads;
    private readonly List<long>[] _stable;
    private readonly HashSet<uint>[] _met;
    private volatile bool _stop;
    private long _sent;

    public PairSenders(Guest from, IPAddress to, int port1, int port2, KernelControl control)
    {
        var cpus = Environment.ProcessorCount;
        _stable = [.. Enumerable.Range(0, cpus).Select(_ => new List<long>())];
        _met = [.. Enumerable.Range(0, cpus).Select(_ => new HashSet<uint>())];
        _threads = [.. Enumerable.Range(0, cpus).Select(cpu => new Thread(() => Send(from, to, port1, port2, control, cpu)) { IsBackground = true })];
        foreach (var thread in _threads) thread.Start();
    }

    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Numbers of the pairs that no flip came between.</summary>
    public List<long> Stable() => [.. _stable.SelectMany(s => s)];

    /// <summary>How many generations began between two pairs of one sender that are at most 3 ms apart, or within one.</summary>
    public int Met() => _met.SelectMany(m => m).Distinct().Count();

    public void Stop()
    {
        _stop = true;
        foreach (var thread in _threads) thread.Join();
    }

    public void Dispose() => Stop();

    private void Send(Guest from, IPAddress to, int port1, int port2, KernelControl control, int cpu)
    {
        Scheduling.PinThisThread(cpu);
        Scheduling.BeFirst();
        using var one = new UdpSender(from, to, port1);
        using var two = new UdpSender(from, to, port2);
        var (known, last) = (control.Generation, Stopwatch.GetTimestamp());
        for (long n = cpu; !_stop; n += _threads.Length)
        {
            var before = control.Generation;
            one.Send(n);
            two.Send(n);
            var after = control.Generation;
            if (after == before) _stable[cpu].Add(n);
            if (after != known && Stopwatch.GetElapsedTime(last) <= s_close) _met[cpu].Add(after);
            (known, last) = (after, Stopwatch.GetTimestamp());
            Interlocked.Increment(ref _sent);
            if ((n & 0x1f) == cpu) Thread.Sleep(1);
        }
    }
}
