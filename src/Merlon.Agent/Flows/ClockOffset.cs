using Merlon.Datapath.Maps;

namespace Merlon.Agent.Flows;

/// <summary>Turns the kernel's boot clock into UTC. Measured anew now and then, since UTC is stepped and slewed.</summary>
/// <param name="UnixMsAtBoot">Unix milliseconds at boot clock 0.</param>
internal readonly record struct ClockOffset(long UnixMsAtBoot)
{
    public static ClockOffset Measure() => new(BootClock.ToUtc(0).ToUnixTimeMilliseconds());

    public ulong UnixNs(ulong bootNs) => (ulong)UnixMsAtBoot * 1_000_000 + bootNs;

    public long UnixMs(ulong bootNs) => UnixMsAtBoot + (long)(bootNs / 1_000_000);
}
