using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>Distinct sets, numbered as they come; their canonical form says nothing of prefixes that only others mention.</summary>
/// <param name="exceptions">Some group of the policy has an <c>except</c>: without one a set is the union of its parts.</param>
internal sealed class SetTable(Atoms atoms, bool exceptions)
{
    private readonly Dictionary<AtomSet, int> _same = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<AtomSet, int> _numbers = [];
    private readonly List<AtomSet> _sets = [];

    public int Number(AtomSet set)
    {
        if (_same.TryGetValue(set, out var number)) return number;
        if (!_numbers.TryGetValue(set, out number))
        {
            _numbers.Add(set, number = _sets.Count);
            _sets.Add(set);
        }
        _same.Add(set, number);
        return number;
    }

    /// <summary>Marks every nic that a set names.</summary>
    public void MarkNics(bool[] used)
    {
        foreach (var set in _sets)
        {
            foreach (var nic in set.Between(0, atoms.Nics.Length)) used[nic] = true;
            foreach (var own in Exceptions(set)) used[own.Endpoint] = true;
        }
    }

    public ImmutableArray<EndpointSet> Build(int[] endpointOf) => [.. _sets.Select(s => Build(s, endpointOf))];

    /// <summary>A region is told when its parent's answer differs, so nobody else's prefixes show.</summary>
    private EndpointSet Build(AtomSet set, int[] endpointOf)
    {
        var prefixes = ImmutableArray.CreateBuilder<Prefix>();
        var holes = ImmutableArray.CreateBuilder<Prefix>();
        foreach (var atom in set.Between(atoms.RegionBase, atoms.Count))
        {
            var region = atom - atoms.RegionBase;
            if (!Region(set, atoms.Parents[region])) prefixes.Add(atoms.Regions[region]);
            foreach (var child in atoms.Children[region])
                if (!Region(set, child)) holes.Add(atoms.Regions[child]);
        }
        holes.Sort();
        return new([.. set.Between(0, atoms.Nics.Length).Select(n => endpointOf[n])], prefixes.ToImmutable(), holes.ToImmutable(),
            [.. Exceptions(set).Select(e => e with { Endpoint = endpointOf[e.Endpoint] }).Order()]);
    }

    private bool Region(AtomSet set, int region) => region >= 0 && set[atoms.RegionBase + region];

    private IEnumerable<EndpointAddress> Exceptions(AtomSet set)
    {
        for (var i = 0; exceptions && i < atoms.Own.Length; i++)
            if (set[atoms.OwnBase + i] != (set[atoms.Own[i].Endpoint] || Region(set, atoms.OwnRegion[i]))) yield return atoms.Own[i];
    }
}
