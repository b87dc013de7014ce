using System.Runtime.InteropServices;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>Where and when the threads of a test run.</summary>
public static class Scheduling
{
    private const int Fifo = 1;

    /// <summary>Works on one CPU, in a thread of its own: one of the pool would stay there for whoever gets it next.</summary>
    public static void OnCpu(int cpu, Action work) => Task.Factory.StartNew(() =>
    {
        PinThisThread(cpu);
        work();
    }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).GetAwaiter().GetResult();

    public static void PinThisThread(int cpu)
    {
        var mask = 1UL << cpu;
        Check(sched_setaffinity(0, sizeof(ulong), ref mask));
    }

    /// <summary>This thread runs as soon as it can, before all ordinary ones: where a test counts on when something is sent or
    /// received, a busy machine must not decide it. For threads that sleep or wait most of the time.</summary>
    public static void BeFirst()
    {
        var priority = 10;
        Check(sched_setscheduler(0, Fifo, ref priority));
    }

    /// <summary>A tenth of a millisecond: shorter than any sleep of the runtime.</summary>
    public static void Nap() => Check(usleep(100));

    private static void Check(int result)
    {
        if (result != 0) throw new InvalidOperationException(Marshal.GetLastPInvokeErrorMessage());
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int sched_setaffinity(int pid, nint size, ref ulong mask);

    [DllImport("libc", SetLastError = true)]
    private static extern int sched_setscheduler(int pid, int policy, ref int priority);

    [DllImport("libc", SetLastError = true)]
    private static extern int usleep(uint microseconds);
}
