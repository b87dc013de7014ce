using Merlon.Bench.Figures;
using Merlon.Bench.Peers;
using Merlon.Bench.Places;

namespace Merlon.Bench.Workloads;

/// <summary>The product and its peers, each at a place of its own, playing frames.</summary>
internal sealed class Ring : IDisposable
{
    public const string Product = "merlon";
    private const int Connections = 262144;
    private readonly BenchOptions _options;
    private readonly List<FramesContestant> _contestants = [];
    private readonly List<Place> _places = [];
    private readonly IReadOnlyList<Peer> _peers;
    private readonly Guarded _guarded;

    /// <param name="peers"><see cref="Peer.Bridge"/> and <see cref="Peer.Wall"/> among them: they say whether the machine is too noisy.</param>
    /// <param name="shortCut">Of the product.</param>
    public Ring(BenchOptions options, string manifest, IReadOnlyList<Peer> peers, bool shortCut = true)
    {
        (_options, _peers) = (options, peers);
        try
        {
            _guarded = Add(Product, (place, _) => place.Hold(new Guarded(place, options.ObjectPath, manifest, Connections, shortCut)))!;
            foreach (var peer in peers)
                Add(peer.Id, (place, helper) =>
                {
                    peer.Set(place, helper);
                    return null;
                });
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>One variant: flows are laid and opened everywhere, then all take turns.</summary>
    public IReadOnlyList<BenchRow> Run(string id, string variant, int proto, int flows, int firstPort, uint[] order)
    {
        foreach (var contestant in _contestants)
        {
            contestant.Traffic.Lay(proto, flows, firstPort);
            contestant.Traffic.Open();
            contestant.Traffic.Serve(order);
        }
        var turns = new Interleaved(_contestants, _options.Rounds, _options.Slice);
        var (straight, sent) = (_guarded.Straight, _contestants[0].Traffic.Sent);
        turns.Run();
        _options.Say($"  {id} {variant}: {100.0 * (_guarded.Straight - straight) / (_contestants[0].Traffic.Sent - sent):f2} % of the product's packets took the short cut");
        foreach (var contestant in _contestants)
        {
            var cost = turns.Cost(contestant.Name);
            _options.Say($"  {id} {variant,-16} {contestant.Name,-10} {cost.Median,6:f0} ns a packet ({cost.Min:f0}-{cost.Max:f0})");
        }
        var occupancy = _guarded.Occupancy;
        return [.. _peers.Select(p => turns.Row(id, variant, Product, p.Id, flows, occupancy)), turns.Row(id, BenchRow.Wall + variant, Peer.Wall.Id, Peer.Bridge.Id, flows, occupancy)];
    }

    public void Dispose()
    {
        foreach (var place in _places) place.Dispose();
    }

    private Guarded? Add(string name, Func<Place, BenchObject, Guarded?> set)
    {
        var place = new Place();
        _places.Add(place);
        var helper = place.Hold(new BenchObject(_options.HelperPath));
        var product = set(place, helper);
        _contestants.Add(new(name, place, place.Hold(new Traffic(place, helper))) { Losses = () => product is null ? "" : $"(dropped: {product.Drops})" });
        return product;
    }
}
