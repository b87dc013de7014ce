using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Events;

/// <summary>Reads the ring <c>claims</c>. One reader at a time: what is read is gone. Claims that were not told are counted
/// (<see cref="Counter.ClaimsHeld"/>).</summary>
public sealed class ClaimReader : IDisposable
{
    private readonly Ring _ring;
    private readonly Poll _poll = new();
    private ulong _unknown;

    internal ClaimReader(KernelMap claims)
    {
        _ring = new(new(BpfError.Check(LibBpf.MapById(claims.Info.Id), "ring-open", "opening the ring of claims")));
        _poll.Watch(_ring.Fd);
    }

    /// <summary>Takes what is there, at most <paramref name="into"/>'s length; 0 = nothing.</summary>
    public int Drain(Span<ClaimRecord> into) => _ring.Drain(into, ref _unknown);

    /// <summary>Blocks until claims are there, <see cref="Wake"/> is called, or the time is up (false).</summary>
    public bool Wait(TimeSpan timeout) => _poll.Wait(timeout);

    /// <summary>Ends a <see cref="Wait"/> on another thread.</summary>
    public void Wake() => _poll.Ring();

    public void Dispose()
    {
        _ring.Dispose();
        _poll.Dispose();
    }
}
