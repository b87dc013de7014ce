using Merlon.Datapath.Native;

namespace Merlon.Bench.Places;

/// <summary>Where measured threads run, and what they took.</summary>
internal static unsafe class Cpu
{
    private const int ThreadCpuTime = 3;

    /// <summary>All measured work of a run is on one CPU, the last one: caches are that CPU's, and both hooks of a packet meet there.</summary>
    public static void Stay()
    {
        const int words = 16;
        var mask = stackalloc ulong[words];
        var cpu = Environment.ProcessorCount - 1;
        mask[cpu / 64 % words] = 1ul << cpu % 64;
        // SAFETY: the mask's size goes along; 0 = this thread.
        if (Libc.SetAffinity(0, sizeof(ulong) * words, mask) != 0) throw new InvalidOperationException("sched_setaffinity");
    }

    /// <summary>CPU time of this thread, in ns. Packets that the kernel handles in its name (softirq) are in it.</summary>
    public static long ThreadNs()
    {
        Timespec time;
        // SAFETY: the kernel fills the one struct.
        _ = Libc.ClockGetTime(ThreadCpuTime, &time);
        return time.Seconds * 1_000_000_000 + time.Nanoseconds;
    }
}
