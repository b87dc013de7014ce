using Merlon.Bench.Places;

namespace Merlon.Bench.Workloads;

/// <summary>Frames both ways in turn. Cost: CPU time of the sending thread per delivered packet, in ns; bridge, hooks and the receiving guest's
/// interrupt are in it.</summary>
/// <param name="oneWay">a alone sends, and no longer than one call: for frames that fill the tables.</param>
internal sealed class FramesContestant(string name, Place place, Traffic traffic, bool oneWay = false) : Contestant(name)
{
    private const int FramesAtOnce = 8192;

    public Traffic Traffic { get; } = traffic;

    protected override Slice Play(TimeSpan length) => place.Host.Enter(() =>
    {
        Cpu.Stay();
        // Not counted: it warms the caches that others have used meanwhile.
        if (!oneWay) Both();
        Traffic.Settle();
        var (sent, arrived, strays, begin) = (Traffic.Sent, Traffic.Arrived, Traffic.Strays, Cpu.ThreadNs());
        long used;
        do Both();
        while (!oneWay & (used = Cpu.ThreadNs() - begin) < length.TotalNanoseconds);
        Traffic.Settle();
        if (Traffic.Strays != strays) throw new InvalidOperationException($"{Name}: {Traffic.Strays - strays} frames came to a guest that they were not for");
        var delivered = Traffic.Arrived - arrived;
        return new Slice(Traffic.Sent - sent, delivered, (double)used / delivered);
    });

    private void Both()
    {
        Traffic.Data(0, FramesAtOnce);
        if (!oneWay) Traffic.Data(1, FramesAtOnce);
    }
}
