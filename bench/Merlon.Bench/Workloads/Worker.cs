using System.Net.Sockets;
using Merlon.Bench.Places;

namespace Merlon.Bench.Workloads;

/// <summary>A guest's process: a thread of its own on the measured CPU. It ends when the sockets it uses are closed.</summary>
internal sealed class Worker
{
    private readonly Thread _thread;
    private long _cpuNs;

    public Worker(Action<Worker> work)
    {
        _thread = new(() =>
        {
            Cpu.Stay();
            try
            {
                work(this);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Its place is over.
            }
        })
        { IsBackground = true };
        _thread.Start();
    }

    /// <summary>What it had used when it said so last.</summary>
    public long CpuNs => Interlocked.Read(ref _cpuNs);

    /// <summary>By the worker itself.</summary>
    public void TellCpu() => Interlocked.Exchange(ref _cpuNs, Cpu.ThreadNs());

    public void Join() => _thread.Join(TimeSpan.FromSeconds(5));
}
