using Merlon.Bench.Figures;
using Merlon.Bench.Places;

namespace Merlon.Bench.Workloads;

/// <summary>A, B, C, A, B, C: what drifts meets all of them alike. Each round begins with another one.</summary>
internal sealed class Interleaved(IReadOnlyList<Contestant> contestants, int rounds, TimeSpan slice)
{
    private readonly Dictionary<string, List<Slice>> _slices = contestants.ToDictionary(c => c.Name, _ => new List<Slice>());

    public void Run()
    {
        for (var round = 0; round < rounds; round++)
            for (var i = 0; i < contestants.Count; i++)
            {
                var contestant = contestants[(round + i) % contestants.Count];
                _slices[contestant.Name].Add(contestant.Turn(slice));
            }
    }

    /// <summary>One of a contestant's costs, over all its turns.</summary>
    public Quartiles Cost(string name, int cost = 0) => Quartiles.Of(_slices[name].Select(s => s.Costs[cost]));

    /// <summary>How many times the peer's cost is this one's, round by round.</summary>
    public BenchRow Row(string id, string variant, string name, string peer, int flows, double occupancy, int cost = 0)
    {
        var (own, other) = (_slices[name], _slices[peer]);
        return BenchRow.Of(id, variant, peer, [.. own.Zip(other, (a, b) => b.Costs[cost] / a.Costs[cost])], flows, occupancy, own.Sum(s => s.Delivered), own.Sum(s => s.Sent));
    }
}
