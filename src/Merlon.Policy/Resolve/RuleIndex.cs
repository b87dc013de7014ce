using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>Which rules may judge a vNIC in one direction: among ten thousand rules and as many VMs most of them never do.</summary>
internal sealed class RuleIndex
{
    /// <summary>A rule that touches a larger part of all vNICs than one of so many is looked at for every one.</summary>
    private const int Wide = 8;

    private readonly BoundRule[] _rules;
    private readonly List<int> _wide = [];
    private readonly Dictionary<int, List<int>> _ofNic = [];

    public RuleIndex(BoundRule[] rules, Direction direction, Atoms atoms)
    {
        _rules = rules;
        for (var i = 0; i < rules.Length; i++)
        {
            var own = direction == Direction.Out ? rules[i].From : rules[i].To;
            var nics = own.Any ? null : Touched(own, atoms);
            if (nics is null) _wide.Add(i);
            else foreach (var nic in nics) Add(nic, i);
        }
    }

    /// <summary>A superset of those that touch it, in order.</summary>
    public IEnumerable<BoundRule> For(int nic)
    {
        var mine = _ofNic.GetValueOrDefault(nic) ?? [];
        for (int w = 0, m = 0; w < _wide.Count || m < mine.Count;)
            yield return _rules[m == mine.Count || (w < _wide.Count && _wide[w] < mine[m]) ? _wide[w++] : mine[m++]];
    }

    /// <summary>Null = too many.</summary>
    private static HashSet<int>? Touched(RuleSide side, Atoms atoms)
    {
        var nics = new HashSet<int>();
        foreach (var set in side.Sets)
        {
            foreach (var atom in set.Between(0, atoms.RegionBase))
            {
                nics.Add(atom < atoms.OwnBase ? atom : atoms.Own[atom - atoms.OwnBase].Endpoint);
                if (nics.Count > atoms.Nics.Length / Wide) return null;
            }
        }
        return nics;
    }

    private void Add(int nic, int rule)
    {
        if (!_ofNic.TryGetValue(nic, out var rules)) _ofNic.Add(nic, rules = []);
        rules.Add(rule);
    }
}
