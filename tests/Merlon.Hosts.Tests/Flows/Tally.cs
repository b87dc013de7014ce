namespace Merlon.Hosts.Tests.Flows;

/// <summary>Packets and bytes (IP length) of each way.</summary>
public sealed class Tally
{
    private readonly Dictionary<Way, (long Packets, long Bytes)> _counts = [];

    public IEnumerable<Way> Ways => _counts.Keys;

    public (long Packets, long Bytes) this[Way way] => _counts.GetValueOrDefault(way);

    public long Packets => _counts.Values.Sum(c => c.Packets);

    public void Add(Way way, long packets, long bytes)
    {
        if (packets > 0) _counts[way] = (this[way].Packets + packets, this[way].Bytes + bytes);
    }

    public Tally Plus(Tally other)
    {
        var sum = new Tally();
        foreach (var (way, count) in _counts.Concat(other._counts)) sum.Add(way, count.Packets, count.Bytes);
        return sum;
    }

    /// <summary>One line for each way that the two count differently.</summary>
    public IReadOnlyList<string> DifferencesFrom(Tally told) =>
        [.. Ways.Union(told.Ways).Where(w => this[w] != told[w]).Select(w => $"{w}: counted {this[w]}, told {told[w]}")];
}
