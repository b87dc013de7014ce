using Merlon.Datapath.Abi;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Events;

/// <summary>Reads the events of all CPUs. One reader at a time: an event is gone once read. What the program could not
/// send is counted there (<see cref="Counter.EventsLost"/>), never silently missing.</summary>
public sealed class EventReader : IDisposable
{
    private readonly List<Ring> _rings = [];
    private readonly Poll _poll = new();
    private ulong _unknown;
    private int _next;

    internal EventReader(RingSet rings)
    {
        foreach (var fd in rings.Open())
        {
            _rings.Add(new(fd));
            _poll.Watch(fd);
        }
    }

    /// <summary>Records whose size this build does not know.</summary>
    public ulong Unknown => _unknown;

    /// <summary>Takes what is there, at most <paramref name="into"/>'s length; 0 = nothing. In order within a CPU; sort by
    /// <see cref="MerlonEvent.TimeNs"/> where the order between CPUs matters.</summary>
    public int Drain(Span<MerlonEvent> into)
    {
        var taken = 0;
        // Another CPU goes first each time, so that one busy CPU cannot starve the rest.
        for (var i = 0; i < _rings.Count && taken < into.Length; i++)
            taken += _rings[(_next + i) % _rings.Count].Drain(into[taken..], ref _unknown);
        _next = (_next + 1) % Math.Max(1, _rings.Count);
        return taken;
    }

    /// <summary>Blocks until events are there, <see cref="Wake"/> is called, or the time is up (false).</summary>
    public bool Wait(TimeSpan timeout) => _poll.Wait(timeout);

    /// <summary>Ends a <see cref="Wait"/> on another thread.</summary>
    public void Wake() => _poll.Ring();

    public void Dispose()
    {
        foreach (var ring in _rings) ring.Dispose();
        _poll.Dispose();
    }
}
