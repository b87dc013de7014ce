using Merlon.Bench.Figures;
using Merlon.Bench.Peers;
using Merlon.Bench.Places;

namespace Merlon.Bench.Workloads;

/// <summary>The product and its peers with real stacks at both ends. Bridge and wall also play frames in the same rounds, at places of their
/// own: they say whether the machine is too noisy.</summary>
internal static class Stacks
{
    private const int Rules = 1000, Connections = 65536, GaugeFlows = 256;

    /// <param name="make">A contestant of a name at a place.</param>
    /// <param name="costs">Names of its costs, behind the variant's.</param>
    public static IReadOnlyList<BenchRow> Run(BenchOptions options, string id, string variant, IReadOnlyList<Peer> peers, Func<string, Place, Contestant> make, params string[] costs)
    {
        var ends = new List<IDisposable>();
        try
        {
            var place = Held(new Place());
            var guarded = place.Hold(new Guarded(place, options.ObjectPath, BenchPolicy.Manifest(Rules), Connections));
            var contestants = new List<Contestant> { Ended(make(Ring.Product, place)) };
            foreach (var peer in peers) contestants.Add(Ended(make(peer.Id, Set(peer).Place)));
            var (bridge, wall) = (Gauge(Peer.Bridge), Gauge(Peer.Wall));
            var turns = new Interleaved([.. contestants, bridge, wall], options.Rounds, options.Slice);
            turns.Run();
            for (var i = 0; i < costs.Length; i++)
                foreach (var c in contestants)
                    options.Say($"  {id} {variant + costs[i],-16} {c.Name,-10} {turns.Cost(c.Name, i).Median,10:f3} ({turns.Cost(c.Name, i).Min:f3}-{turns.Cost(c.Name, i).Max:f3})");
            var occupancy = guarded.Occupancy;
            return [.. costs.SelectMany((cost, i) => peers.Select(p => turns.Row(id, variant + cost, Ring.Product, p.Id, 1, occupancy, i))),
                turns.Row(id, BenchRow.Wall + variant, wall.Name, bridge.Name, GaugeFlows, occupancy)];
        }
        finally
        {
            foreach (var end in Enumerable.Reverse(ends)) end.Dispose();
        }

        Place Held(Place place)
        {
            ends.Add(place);
            return place;
        }

        Contestant Ended(Contestant contestant)
        {
            if (contestant is IDisposable end) ends.Add(end);
            return contestant;
        }

        (Place Place, BenchObject Helper) Set(Peer peer)
        {
            var place = Held(new Place());
            var helper = place.Hold(new BenchObject(options.HelperPath));
            peer.Set(place, helper);
            return (place, helper);
        }

        FramesContestant Gauge(Peer peer)
        {
            var (place, helper) = Set(peer);
            var traffic = place.Hold(new Traffic(place, helper));
            traffic.Lay(FrameText.Udp, GaugeFlows, 10000);
            traffic.Open();
            traffic.Serve(Orders.Uniform(GaugeFlows));
            return new("frames, " + peer.Id, place, traffic);
        }
    }
}
