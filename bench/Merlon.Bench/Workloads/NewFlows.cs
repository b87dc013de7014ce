using Merlon.Bench.Figures;
using Merlon.Bench.Peers;
using Merlon.Bench.Places;

namespace Merlon.Bench.Workloads;

/// <summary>W5: every packet is the first of a flow, judged by both sides, entered, told. Policies of 1 to 100,000 rules side by side.</summary>
internal static class NewFlows
{
    // A turn is one call of 8,192 frames, so that all turns fit nf_conntrack's table as it is.
    private const int Connections = 262144;
    private static readonly int[] s_rules = [1, 10, 1000, 10_000, 100_000];

    public static IReadOnlyList<BenchRow> Run(BenchOptions options)
    {
        var places = new List<Place>();
        try
        {
            var products = new Dictionary<int, Guarded>();
            var contestants = new List<Contestant>();
            foreach (var rules in options.Quick ? s_rules[..3] : s_rules)
            {
                var place = Add();
                products[rules] = place.Hold(new Guarded(place, options.ObjectPath, BenchPolicy.Manifest(rules), Connections));
                contestants.Add(Fresh(Name(rules), place, new BenchObject(options.HelperPath)));
            }
            Peer[] peers = [Peer.Bridge, Peer.Conntrack(1, asSet: false) with { Id = "P2-1" }, Peer.Conntrack(1000, asSet: false), Peer.Conntrack(1000, asSet: true), Peer.Wall];
            foreach (var peer in peers)
            {
                var (place, helper) = (Add(), new BenchObject(options.HelperPath));
                peer.Set(place, helper);
                contestants.Add(Fresh(peer.Id, place, helper));
            }
            var turns = new Interleaved(contestants, options.Rounds, options.Slice);
            turns.Run();
            foreach (var c in contestants) options.Say($"  W5 {c.Name,-24} {turns.Cost(c.Name).Median,6:f0} ns a packet ({turns.Cost(c.Name).Min:f0}-{turns.Cost(c.Name).Max:f0})");
            return [.. products.SelectMany(p => peers.Select(peer => turns.Row("W5", Name(p.Key), Name(p.Key), peer.Id, 1, p.Value.Occupancy))),
                .. products.Keys.Where(r => r > 10).Select(r => turns.Row("W5", Name(r), Name(r), Name(10), 1, products[r].Occupancy)),
                turns.Row("W5", BenchRow.Wall + "new flows", Peer.Wall.Id, Peer.Bridge.Id, 1, 0)];
        }
        finally
        {
            foreach (var place in places) place.Dispose();
        }

        Place Add()
        {
            places.Add(new());
            return places[^1];
        }
    }

    private static string Name(int rules) => FormattableString.Invariant($"{rules} rules");

    private static FramesContestant Fresh(string name, Place place, BenchObject helper)
    {
        place.Hold(helper);
        var traffic = place.Hold(new Traffic(place, helper));
        traffic.LayFresh(FrameText.Udp);
        return new(name, place, traffic, oneWay: true);
    }
}
