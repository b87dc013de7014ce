using System.Diagnostics;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>The connection table at one moment, as the kernel has it, and a list of what a later look lacks or tells otherwise.</summary>
public sealed class Entries(KernelControl kernel)
{
    private static readonly TimeSpan s_margin = TimeSpan.FromMilliseconds(700), s_shortest = TimeSpan.FromSeconds(5);
    private readonly long _at = Stopwatch.GetTimestamp();
    private readonly IReadOnlyList<ConnectionEntry> _all = kernel.List();

    public int Count => _all.Count;

    /// <summary>Every entry whose time is not up must be there with the same ends, rules and beginning; state and counters only
    /// go forward. A connection that ends meanwhile still lives 5 s (reset) at the least.</summary>
    public IEnumerable<string> DifferencesIn(Entries later)
    {
        var passed = Stopwatch.GetElapsedTime(_at, later._at);
        // A new attempt on the ports of a closed connection stands beside it, half-open, after it in the list.
        var found = later._all.DistinctBy(Key).ToDictionary(Key);
        foreach (var e in _all)
        {
            var left = e.Remaining < s_shortest ? e.Remaining : s_shortest;
            if (!found.TryGetValue(Key(e), out var now))
            {
                if (left > passed + s_margin || IsLongLived(e)) yield return $"gone: {e}";
            }
            else if (now.CreatedNs != e.CreatedNs)
            {
                // A closed connection's ports may be taken again, by a connection that began later.
                if (e.State < ConnState.Closing || now.CreatedNs < e.CreatedNs) yield return $"made anew: {e} as {now}";
            }
            else if (Changed(e, now)) yield return $"changed: {e} to {now}";
        }
    }

    private static bool IsLongLived(ConnectionEntry e) => LiveTraffic.LongLived.Contains(e.DestinationPort);

    private static object Key(ConnectionEntry e) => (e.Segment, e.Proto, e.Source, e.SourcePort, e.Destination, e.DestinationPort);

    private static bool Changed(ConnectionEntry e, ConnectionEntry now) =>
        now.State < e.State || now.PacketsOut < e.PacketsOut || now.PacketsBack < e.PacketsBack || now.BytesOut < e.BytesOut || now.BytesBack < e.BytesBack
        || now.SourceVnic != e.SourceVnic || now.DestinationVnic != e.DestinationVnic
        || (now.SourceEpoch == e.SourceEpoch && now.OutRule != e.OutRule) || (now.DestinationEpoch == e.DestinationEpoch && now.InRule != e.InRule);
}
