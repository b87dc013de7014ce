using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Events;

/// <summary>Reads the ring <c>captures</c>. One reader at a time: what is read is gone. Frames that found it full are counted
/// (<see cref="Counter.CapturesLost"/>).</summary>
public sealed class CaptureReader : IDisposable
{
    private readonly Ring _ring;
    private ulong _unknown;

    internal CaptureReader(KernelMap captures)
    {
        _ring = new(new(BpfError.Check(LibBpf.MapById(captures.Info.Id), "ring-open", "opening the ring of captures")));
        // Of an earlier capture.
        var stale = new CaptureRecord[64];
        while (Drain(stale) > 0) { }
    }

    /// <summary>Takes what is there, at most <paramref name="into"/>'s length, in the order of the verdicts; 0 = nothing.</summary>
    public int Drain(Span<CaptureRecord> into) => _ring.Drain(into, ref _unknown);

    public void Dispose() => _ring.Dispose();
}
