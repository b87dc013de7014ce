using System.Globalization;

namespace Merlon.Agent.Flows;

/// <summary>Turns the kernel's boot clock into UTC. Measured again now and then, since UTC is stepped and slewed.</summary>
/// <param name="OffsetMs">Unix milliseconds at boot clock 0.</param>
internal readonly record struct BootClock(long OffsetMs)
{
    public static BootClock Measure()
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var text = File.ReadAllText("/proc/uptime").AsSpan();
        var seconds = decimal.Parse(text[..text.IndexOf(' ')], CultureInfo.InvariantCulture);
        return new(now - (long)(seconds * 1000));
    }

    public long UnixMs(ulong bootNs) => OffsetMs + (long)(bootNs / 1_000_000);

    /// <summary>The boot clock now, in ms.</summary>
    public long NowMs => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - OffsetMs;
}
