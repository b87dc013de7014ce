using System.Collections.Immutable;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>How a policy differs from the one before it, where that is in members which this host does not guard, and in nothing else.</summary>
internal sealed class MemberChange
{
    private readonly HostPolicy _before, _after;
    private readonly int[] _placeOf;
    private readonly bool[] _changed;
    private bool _keepsPlaces = true;
    private readonly SortedSet<int> _sets = [];
    private readonly Dictionary<int, List<int>> _setsOf = [];

    private MemberChange(HostPolicy before, HostPolicy after)
    {
        (_before, _after) = (before, after);
        (_placeOf, _changed) = (new int[before.Endpoints.Length], new bool[after.Endpoints.Length]);
        Place();
    }

    /// <summary>Null = more than that differs.</summary>
    public static MemberChange? Between(HostPolicy before, HostPolicy after)
    {
        if (before.Nics.Length != after.Nics.Length || before.Sets.Length != after.Sets.Length || !SameRules(before.RuleLists, after.RuleLists)) return null;
        var change = new MemberChange(before, after);
        for (var i = 0; i < after.Sets.Length; i++)
            if (!change.IsOfMembers(i)) return null;
        return change.IsOfOthers() ? change : null;
    }

    // Lists of the same array of rules: who reads a policy after another one gives it what has not changed (HostPolicyMessages).
    private static bool SameRules(ImmutableArray<RuleList> before, ImmutableArray<RuleList> after) => before == after || before.AsSpan().SequenceEqual(after.AsSpan());

    /// <summary>Those whose members changed, or something about them.</summary>
    public IReadOnlyCollection<int> Sets => _sets;

    /// <summary>Endpoints as they were, whose addresses may be somebody else's or nobody's now.</summary>
    public IEnumerable<PolicyEndpoint> Before => _before.Endpoints.Where((_, i) => _placeOf[i] < 0 || _changed[_placeOf[i]]);

    /// <summary>Those endpoints as they are, and the sets that they are in, ascending.</summary>
    public IEnumerable<(PolicyEndpoint Endpoint, IReadOnlyList<int> Sets)> After =>
        _after.Endpoints.Select((e, i) => (e, i)).Where(e => _changed[e.i]).Select(e => (e.e, (IReadOnlyList<int>)_setsOf.GetValueOrDefault(e.i, [])));

    /// <summary>Where each endpoint is now; -1 = gone. Both are in order of key.</summary>
    private void Place()
    {
        var (before, after) = (_before.Endpoints, _after.Endpoints);
        for (int i = 0, j = 0; i < before.Length || j < after.Length;)
        {
            _keepsPlaces &= i == j;
            var order = i == before.Length ? 1 : j == after.Length ? -1 : before[i].Key.CompareTo(after[j].Key);
            if (order < 0) _placeOf[i++] = -1;
            else if (order > 0) _changed[j++] = true;
            else
            {
                _changed[j] = before[i].Realm != after[j].Realm || !before[i].Addresses.AsSpan().SequenceEqual(after[j].Addresses.AsSpan());
                _placeOf[i++] = j++;
            }
        }
    }

    /// <summary>Notes who joined a set or left it.</summary>
    private bool IsOfMembers(int set)
    {
        var (before, after) = (_before.Sets[set], _after.Sets[set]);
        if (_keepsPlaces && ReferenceEquals(before, after)) return true;
        if (!before.Prefixes.AsSpan().SequenceEqual(after.Prefixes.AsSpan()) || !before.Holes.AsSpan().SequenceEqual(after.Holes.AsSpan())) return false;
        if (before.Exceptions.Length != after.Exceptions.Length) return false;
        for (var i = 0; i < before.Exceptions.Length; i++)
            if (before.Exceptions[i] with { Endpoint = _placeOf[before.Exceptions[i].Endpoint] } != after.Exceptions[i]) return false;
        for (int i = 0, j = 0; i < before.Endpoints.Length || j < after.Endpoints.Length;)
        {
            var (was, now) = (i < before.Endpoints.Length ? _placeOf[before.Endpoints[i]] : int.MaxValue, j < after.Endpoints.Length ? after.Endpoints[j] : int.MaxValue);
            if (was <= now) i++;
            if (now <= was) j++;
            if (was == now) continue;
            _sets.Add(set);
            if (was >= 0) _changed[Math.Min(was, now)] = true;
        }
        return true;
    }

    /// <summary>None of those that changed is guarded here, and no exception names one. Notes the sets that they are in.</summary>
    private bool IsOfOthers()
    {
        for (var i = 0; i < _after.Nics.Length; i++)
            if (_after.Nics[i] != _before.Nics[i] with { Endpoint = _placeOf[_before.Nics[i].Endpoint] } || _changed[_after.Nics[i].Endpoint]) return false;
        for (var set = 0; set < _after.Sets.Length; set++)
        {
            foreach (var exception in _after.Sets[set].Exceptions)
                if (_changed[exception.Endpoint]) return false;
            foreach (var member in _after.Sets[set].Endpoints)
                if (_changed[member]) Note(member, set);
        }
        return true;
    }

    private void Note(int member, int set)
    {
        _sets.Add(set);
        if (!_setsOf.TryGetValue(member, out var sets)) _setsOf.Add(member, sets = []);
        sets.Add(set);
    }
}
