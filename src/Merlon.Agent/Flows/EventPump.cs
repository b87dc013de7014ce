using System.Collections.Concurrent;
using Merlon.Agent.Sync;
using Merlon.Datapath;
using Merlon.Datapath.Abi;

namespace Merlon.Agent.Flows;

/// <summary>Empties the kernel's rings into the queue, on a thread of its own so that no policy change delays it.</summary>
internal sealed class EventPump(KernelDatapath datapath, Func<HostNames> names, FlowQueue queue, ILogger log)
{
    // What a kill between ring and queue can cost.
    private const int BatchEvents = 128;
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ClockEvery = TimeSpan.FromSeconds(10);
    private ulong _unknown;
    private ulong _read;
    private bool _balanced;
    private ulong _madeBefore;

    /// <summary>Events that never became a record: the kernel's rings or deny table were full, or their shape was unknown.</summary>
    public ulong Lost =>
        datapath.Counters[Counter.EventsLost] + datapath.Counters[Counter.DeniesLost] + Volatile.Read(ref _unknown);

    /// <summary>Packets denied so far at the hooks of each vNIC; those that a budget refused, by the vNIC whose budget it was.</summary>
    public ConcurrentDictionary<uint, long> Denied { get; } = [];

    public Talkers Talkers { get; } = new();

    public void Run(CancellationToken stop)
    {
        using var reader = datapath.OpenEvents();
        using var wake = stop.Register(reader.Wake);
        var events = new MerlonEvent[BatchEvents];
        _madeBefore = queue.OfKernel;
        var clock = ClockOffset.Measure();
        var measured = Environment.TickCount64;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (Environment.TickCount64 - measured > ClockEvery.TotalMilliseconds) (clock, measured) = (ClockOffset.Measure(), Environment.TickCount64);
                var sent = datapath.Counters[Counter.EventsSent];
                var taken = reader.Drain(events);
                if (taken > 0) Take(events.AsSpan(0, taken), clock);
                else
                {
                    Balance(sent);
                    reader.Wait(Wait);
                }
                Volatile.Write(ref _unknown, reader.Unknown);
            }
            catch (DatapathException e)
            {
                Log.EventsFailed(log, e);
                stop.WaitHandle.WaitOne(Wait);
            }
        }
    }

    // The rings are empty: what was sent and not read here was read by earlier agents. What of that is not in the queue's
    // numbering went down with one of them, between ring and queue.
    private void Balance(ulong sent)
    {
        if (_balanced) return;
        _balanced = true;
        queue.CountLost(LostBefore(sent, _read, _madeBefore));
    }

    internal static ulong LostBefore(ulong sent, ulong read, ulong made) => sent - Math.Min(sent, read) is var taken && taken > made ? taken - made : 0;

    private void Take(Span<MerlonEvent> events, ClockOffset clock)
    {
        _read += (ulong)events.Length;
        events.Sort(static (a, b) => a.TimeNs.CompareTo(b.TimeNs));
        var snapshot = names();
        foreach (ref readonly var e in events)
        {
            if (e.Type == EventType.Deny) CountDenied(e);
            queue.Add(FlowRecords.From(e, snapshot, clock));
        }
    }

    private void CountDenied(in MerlonEvent e)
    {
        var packets = (long)e.Packets[0];
        Denied.AddOrUpdate(Talkers.BookedOn(e), packets, (_, before) => before + packets);
        Talkers.Count(e);
    }
}
