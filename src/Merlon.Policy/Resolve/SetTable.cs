using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>Distinct sets, numbered as they come; their canonical form says nothing of prefixes that only others mention.</summary>
internal sealed class SetTable(Atoms atoms)
{
    private readonly Dictionary<BitSet, int> _numbers = [];
    private readonly List<BitSet> _sets = [];

    public int Number(BitSet set)
    {
        if (!_numbers.TryGetValue(set, out var number))
        {
            _numbers.Add(set, number = _sets.Count);
            _sets.Add(set);
        }
        return number;
    }

    public BitSet this[int number] => _sets[number];

    /// <summary>Marks every nic that a set names.</summary>
    public void MarkNics(bool[] used)
    {
        foreach (var set in _sets)
        {
            foreach (var nic in set.Below(atoms.Nics.Length)) used[nic] = true;
            foreach (var own in Exceptions(set)) used[own.Endpoint] = true;
        }
    }

    public ImmutableArray<EndpointSet> Build(int[] endpointOf) => [.. _sets.Select(s => Build(s, endpointOf))];

    private EndpointSet Build(BitSet set, int[] endpointOf)
    {
        var prefixes = ImmutableArray.CreateBuilder<Prefix>();
        var holes = ImmutableArray.CreateBuilder<Prefix>();
        for (var i = 0; i < atoms.Regions.Length; i++)
        {
            var inside = Region(set, i);
            if (inside != Region(set, atoms.Parents[i])) (inside ? prefixes : holes).Add(atoms.Regions[i]);
        }
        return new([.. set.Below(atoms.Nics.Length).Select(n => endpointOf[n])], prefixes.ToImmutable(), holes.ToImmutable(),
            [.. Exceptions(set).Select(e => e with { Endpoint = endpointOf[e.Endpoint] }).Order()]);
    }

    private bool Region(BitSet set, int region) => region >= 0 && set[atoms.RegionBase + region];

    private IEnumerable<EndpointAddress> Exceptions(BitSet set)
    {
        for (var i = 0; i < atoms.Own.Length; i++)
            if (set[atoms.OwnBase + i] != (set[atoms.Own[i].Endpoint] || Region(set, atoms.OwnRegion[i]))) yield return atoms.Own[i];
    }
}
