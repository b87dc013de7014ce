using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Analyze;

/// <summary>Which units of a line each group of the later revision holds.</summary>
internal sealed class GroupUnits
{
    private readonly AddressLine _line;
    private readonly Atoms _atoms;
    private readonly List<int>?[] _unitsOfRegion;

    public GroupUnits(AddressLine line, PolicySet policy, Membership membership)
    {
        (_line, _atoms) = (line, membership.Atoms);
        _unitsOfRegion = new List<int>?[_atoms.Regions.Length];
        Regions();
        All = [.. policy.Groups.Select(g => ($"group/{g.Tenant}/{g.Name}", Units(membership.Of(g.Tenant, new(ReferenceKind.Group, g.Tenant, g.Name, default, 0, g.Position)))))
            .Where(g => g.Item2.Length > 0).OrderByDescending(g => g.Item2.Length).ThenBy(g => g.Item1, StringComparer.Ordinal)];
    }

    /// <summary>Those that hold anything here, the largest first.</summary>
    public (string Name, int[] Units)[] All { get; }

    private int[] Units(AtomSet set)
    {
        var units = new List<int>();
        foreach (var own in set.Between(_atoms.OwnBase, _atoms.RegionBase).Select(a => _atoms.Own[a - _atoms.OwnBase]))
            if (own.Address.Family == _line.Family && _atoms.Nics[own.Endpoint].Nic.Realm == _line.Realm) units.Add(_line.From(own.Address));
        foreach (var region in set.Between(_atoms.RegionBase, _atoms.Count)) units.AddRange(_unitsOfRegion[region - _atoms.RegionBase] ?? []);
        return [.. units];
    }

    /// <summary>Who is no VM's belongs to the narrowest prefix around it.</summary>
    private void Regions()
    {
        var regionOf = new int[_line.Units.Length];
        Array.Fill(regionOf, -1);
        for (var i = 0; i < _atoms.Regions.Length; i++)
        {
            if (_atoms.Regions[i].Family != _line.Family) continue;
            var (start, end) = _line.Range(_atoms.Regions[i]);
            Array.Fill(regionOf, i, start, end - start);
        }
        for (var unit = 0; unit < regionOf.Length; unit++)
            if (regionOf[unit] >= 0 && _line.Units[unit].After is null) (_unitsOfRegion[regionOf[unit]] ??= []).Add(unit);
    }
}
