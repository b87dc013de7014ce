using System.Diagnostics;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Maps;

/// <summary>CLOCK_BOOTTIME, the clock of events and connections, and its place in UTC.</summary>
public static class BootClock
{
    private const int Boottime = 7, Realtime = 0, Monotonic = 1;

    /// <summary>Nanoseconds since boot, sleep included: bpf_ktime_get_boot_ns.</summary>
    public static ulong NowNs => Read(Boottime);

    /// <summary>Of this boot: times of the boot clock mean nothing on another.</summary>
    public static string Boot { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>CLOCK_MONOTONIC: bpf_ktime_get_coarse_ns, but for the coarseness.</summary>
    internal static ulong MonotonicNs => Read(Monotonic);

    /// <summary>Milliseconds since boot, wrapped to 32 bits as in <c>merlon_conn.expires</c>.</summary>
    public static uint NowMs => (uint)(NowNs / 1_000_000);

    /// <summary>When a boot-clock instant was, by the wall clock of now.</summary>
    public static DateTimeOffset ToUtc(ulong bootNs)
    {
        var ago = (long)(NowNs - bootNs);
        return DateTimeOffset.UnixEpoch.AddTicks(((long)Read(Realtime) - ago) / 100);
    }

    /// <summary>Time until a wrapped millisecond instant; negative when it is past.</summary>
    public static TimeSpan Until(uint wrappedMs) => TimeSpan.FromMilliseconds((int)(wrappedMs - NowMs));

    private static unsafe ulong Read(int clock)
    {
        Timespec time;
        // SAFETY: the kernel fills the one struct; these two clocks always exist.
        if (Libc.ClockGetTime(clock, &time) != 0) throw new UnreachableException();
        return (ulong)time.Seconds * 1_000_000_000 + (ulong)time.Nanoseconds;
    }
}
