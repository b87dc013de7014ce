using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>What `merlon get connection -o json` says of the connections that live as long as the test: the same before a kill and
/// after it, but for counters, which only grow, and times.</summary>
public sealed class ListedConnections
{
    private readonly double _asked, _answered;
    private readonly Dictionary<string, ConnectionRecord> _all;

    public ListedConnections(Product product)
    {
        _asked = Now();
        var text = product.Cli("get", "connection", "--limit", "100000", "-o", "json").Ok();
        _answered = Now();
        _all = JsonSerializer.Deserialize(text, ApiJson.Default.IReadOnlyListConnectionRecord)!
            .Where(c => LiveTraffic.LongLived.Contains(c.Destination.Port ?? 0)).ToDictionary(Key);
    }

    public int Count => _all.Count;

    public IEnumerable<string> DifferencesIn(ListedConnections later)
    {
        foreach (var (key, was) in _all)
        {
            if (!later._all.TryGetValue(key, out var now)) yield return $"gone: {was}";
            else if (Same(was) != Same(now)) yield return $"changed: {was} to {now}";
            else if (now.PacketsOut < was.PacketsOut || now.PacketsIn < was.PacketsIn || now.BytesOut < was.BytesOut || now.BytesIn < was.BytesIn)
                yield return $"counted back: {was} to {now}";
            else if (later._asked - now.AgeMs > _answered - was.AgeMs + 1 || later._answered - now.AgeMs < _asked - was.AgeMs - 1)
                yield return $"began at another time: {was} to {now}";
        }
        foreach (var (key, now) in later._all)
            if (!_all.ContainsKey(key)) yield return $"new: {now}";
    }

    private static double Now() => Stopwatch.GetTimestamp() * 1000.0 / Stopwatch.Frequency;

    private static string Key(ConnectionRecord c) =>
        string.Create(CultureInfo.InvariantCulture, $"{c.Segment} {c.Service} {c.Source.Address} {c.Source.Port} {c.Destination.Address} {c.Destination.Port}");

    // The revision is history: an apply meanwhile names the same rule by a later one.
    private static string Same(ConnectionRecord c) => $"{c.State} {c.Source} {c.Destination} {Rule(c.OutRule)} {Rule(c.InRule)}";

    private static string? Rule(string? rule) => rule?.Split('@')[0];
}
