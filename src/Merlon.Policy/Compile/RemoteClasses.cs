using System.Collections.Immutable;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>Everybody who can be the other end, as classes: equal membership in the used sets = equal class. Class 0 is in no set.</summary>
internal sealed class RemoteClasses
{
    private readonly Numbering<int> _classes = new();
    private readonly int[][] _setsOfEndpoint;
    private readonly Dictionary<EndpointAddress, List<int>> _exceptions = [];
    private readonly Dictionary<EndpointAddress, int> _own = [];
    private readonly RegionTree _regions;
    private readonly int[] _used;

    /// <param name="tables">Gets the class of every address.</param>
    public RemoteClasses(HostPolicy policy, int[] usedSets, ImmutableArray<string> realms, AddressTables tables)
    {
        _used = usedSets;
        _classes.Of([]);
        _setsOfEndpoint = new int[policy.Endpoints.Length][];
        var members = new List<int>[policy.Endpoints.Length];
        foreach (var set in usedSets)
        {
            foreach (var endpoint in policy.Sets[set].Endpoints) (members[endpoint] ??= []).Add(set);
            foreach (var e in policy.Sets[set].Exceptions)
            {
                if (!_exceptions.TryGetValue(e, out var sets)) _exceptions.Add(e, sets = []);
                sets.Add(set);
            }
        }
        for (var i = 0; i < members.Length; i++) _setsOfEndpoint[i] = members[i] is { } m ? [.. m] : [];
        _regions = new(policy.Sets, usedSets);
        for (var realm = 0; realm < realms.Length; realm++) Realm(policy, realm, realms[realm], tables);
        OverLimitException.Check(_classes.Count, ImageLimits.RemoteClasses, "remote classes", () => Most(policy));
    }

    public int Count => _classes.Count;

    /// <summary>Used sets that the class is in, ascending.</summary>
    public int[] SetsOf(int number) => _classes[number];

    /// <summary>Class of a vNIC that speaks from an address it does not own.</summary>
    public int Identity(int endpoint) => _classes.Of(_setsOfEndpoint[endpoint]);

    /// <summary>Class of a vNIC at one of its own addresses.</summary>
    public int Own(int endpoint, Address address) => _own[new(endpoint, address)];

    /// <summary>Class of an address that no endpoint owns; the same in every realm.</summary>
    public int Outside(Address address) => _classes.Of(_regions.SetsOf(address));

    /// <summary>Class of an address whose owner is in these sets and in no exception; null = there is none.</summary>
    /// <param name="sets">Ascending; those that no rule names do not count.</param>
    public int? Known(Address address, IReadOnlyList<int> sets)
    {
        var all = new SortedSet<int>(_regions.SetsOf(address));
        all.UnionWith(sets.Where(s => Array.BinarySearch(_used, s) >= 0));
        return _classes.Find([.. all]);
    }

    private void Realm(HostPolicy policy, int realm, string name, AddressTables tables)
    {
        for (var i = 0; i < _regions.Prefixes.Length; i++)
        {
            var above = _regions.Parents[i] < 0 ? 0 : _classes.Of(_regions.Sets[_regions.Parents[i]]);
            Set(_regions.Prefixes[i], _classes.Of(_regions.Sets[i]), above);
        }
        for (var i = 0; i < policy.Endpoints.Length; i++)
        {
            if (policy.Endpoints[i].Realm != name) continue;
            foreach (var address in policy.Endpoints[i].Addresses)
            {
                var region = _regions.SetsOf(address);
                var own = _own[new(i, address)] = _classes.Of(OwnSets(i, address, region));
                Set(Prefix.Of(address), own, _classes.Of(region));
            }
        }

        void Set(Prefix prefix, int number, int around)
        {
            if (number == around) return;
            tables.Set(realm, prefix, (uint)number);
        }
    }

    private int[] OwnSets(int endpoint, Address address, int[] region)
    {
        var identity = _setsOfEndpoint[endpoint];
        var reversed = _exceptions.GetValueOrDefault(new(endpoint, address));
        if (region.Length == 0 && reversed is null) return identity;
        var sets = new SortedSet<int>(identity);
        sets.UnionWith(region);
        if (reversed is not null) sets.SymmetricExceptWith(reversed);
        return [.. sets];
    }

    /// <summary>The policy whose rules name the most sets, and of those rules the one that does.</summary>
    private static (string Who, RuleRef? Rule) Most(HostPolicy policy) => policy.RuleLists.SelectMany(l => l.Rules)
        .GroupBy(r => $"{r.Rule.Tenant}/{r.Rule.Policy}")
        .Select(g => (g.Key, Sets: g.SelectMany(r => r.Remotes.Concat(r.Locals)).Distinct().Count(),
            Rule: g.OrderByDescending(r => r.Remotes.Length + r.Locals.Length).ThenBy(r => r.Rule).First().Rule))
        .OrderByDescending(g => g.Sets).ThenBy(g => g.Key, StringComparer.Ordinal)
        .Select(g => ($"most by policy {g.Key}, whose rules name {g.Sets} sets", (RuleRef?)g.Rule))
        .FirstOrDefault(("no rules", null));
}
