using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>The rules of a HostPolicy that are active at the instant, in numbers: their names, services and sets.</summary>
internal sealed class RuleTable
{
    /// <summary>Lists of so many numbers are put together without an array of their own.</summary>
    private const int OnStack = 64;

    private readonly Dictionary<RuleRef, int> _numbers;
    private readonly List<RuleRef> _names = [];
    private readonly Numbering<int> _services = new();
    private readonly Numbering<int> _rules = new();
    private readonly List<CompileRule> _compiled = [];
    private readonly List<ResolvedRule> _ruleOf = [];
    private readonly List<ResolvedRule> _resolved = [];
    private readonly Dictionary<ResolvedRule, int> _places = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<ServiceMatch, int> _matchNumbers;
    private readonly int[] _numberOf;
    private ILookup<int, int>? _naming;

    public RuleTable(HostPolicy policy, long at)
    {
        Lists = [.. policy.RuleLists.Select(l => Active(l, at))];
        Matches = Distinct(_resolved);
        _matchNumbers = Matches.Select((m, i) => (m, i)).ToDictionary(x => x.m, x => x.i);
        UsedSets = Used(policy.Sets.Length);
        _numbers = new(_resolved.Count);
        _numberOf = new int[_resolved.Count];
        for (var place = 0; place < _numberOf.Length; place++) _numberOf[place] = Number(_resolved[place]);
        OverLimitException.Check(_names.Count, ImageLimits.Rules, "rules", () => "all policies of this host together");
    }

    /// <summary>Distinct services of all rules, sorted.</summary>
    public ImmutableArray<ServiceMatch> Matches { get; }

    public int[] UsedSets { get; }

    /// <summary>By rule list: its active rules, as <see cref="Resolved"/> knows them.</summary>
    public int[][] Lists { get; }

    public ImmutableArray<RuleRef> Names => [.. _names];

    /// <summary>Unix seconds: from then on other rules may be active.</summary>
    public long Until { get; private set; } = long.MaxValue;

    /// <summary>How many distinct rules.</summary>
    public int Count => _compiled.Count;

    public CompileRule this[int number] => _compiled[number];

    /// <summary>A rule of <see cref="Lists"/>, its own side and all, and the number of the rule without it.</summary>
    public (int Number, ResolvedRule Rule) Resolved(int place) => (_numberOf[place], _resolved[place]);

    /// <summary>The first rule of this number.</summary>
    public ResolvedRule RuleOf(int number) => _ruleOf[number];

    /// <summary>Numbers of the rules whose other end may be in the set.</summary>
    public IEnumerable<int> Naming(int set) =>
        (_naming ??= _ruleOf.SelectMany((r, i) => r.Remotes.Select(s => (Set: s, Rule: i))).ToLookup(n => n.Set, n => n.Rule))[set];

    /// <summary>The rule that names the most services, and how many.</summary>
    public (string Who, RuleRef? Rule) WithMostServices() => _resolved
        .OrderByDescending(r => r.Services.Length).ThenBy(r => r.Rule)
        .Select(r => ($"most by rule {r.Rule.Tenant}/{r.Rule.Policy}/{r.Rule.Rule}, which names {r.Services.Length} services", (RuleRef?)r.Rule))
        .FirstOrDefault(("no rules", null));

    /// <summary>Service classes that each list of services holds.</summary>
    /// <param name="classesOf">Those of one of <see cref="Matches"/>, by its index.</param>
    public int[][] ClassesOfServices(Func<int, IReadOnlyList<int>> classesOf) =>
        [.. _services.All.Select(matches => matches.SelectMany(classesOf).Distinct().Order().ToArray())];

    private static ImmutableArray<ServiceMatch> Distinct(List<ResolvedRule> rules)
    {
        var matches = new HashSet<ServiceMatch>();
        foreach (var rule in rules)
            foreach (var match in rule.Services) matches.Add(match);
        return [.. matches.Order()];
    }

    private int[] Used(int sets)
    {
        var used = new bool[sets];
        foreach (var rule in _resolved)
        {
            foreach (var set in rule.Remotes) used[set] = true;
            foreach (var set in rule.Locals) used[set] = true;
        }
        return [.. Enumerable.Range(0, sets).Where(set => used[set])];
    }

    /// <summary>Lists share most of their rules, as the same objects: each is looked at once, however many lists have it.</summary>
    private int[] Active(RuleList list, long at)
    {
        var places = new int[list.Rules.Length];
        var count = 0;
        foreach (var rule in list.Rules)
        {
            if (!rule.Active.IsEmpty && !IsActive(rule, at)) continue;
            if (!_places.TryGetValue(rule, out var place))
            {
                _places.Add(rule, place = _resolved.Count);
                _resolved.Add(rule);
            }
            places[count++] = place;
        }
        return count == places.Length ? places : places[..count];
    }

    private bool IsActive(ResolvedRule rule, long at)
    {
        foreach (var end in rule.Active.SelectMany(i => new[] { i.From, i.To }))
            if (end > at && end < Until) Until = end;
        return rule.Active.Any(i => i.Contains(at));
    }

    /// <summary>What the rule does to a packet, its own side aside: rules that differ only there are one.</summary>
    private int Number(ResolvedRule rule)
    {
        if (!_numbers.TryGetValue(rule.Rule, out var name))
        {
            _numbers.Add(rule.Rule, name = _names.Count);
            _names.Add(rule.Rule);
        }
        var (services, remotes) = (rule.Services, rule.Remotes);
        Span<int> matches = services.Length <= OnStack ? stackalloc int[services.Length] : new int[services.Length];
        for (var i = 0; i < matches.Length; i++) matches[i] = _matchNumbers[services[i]];
        var list = _services.Of(matches);
        Span<int> content = remotes.Length <= OnStack ? stackalloc int[7 + remotes.Length] : new int[7 + remotes.Length];
        (content[0], content[1], content[2], content[3]) = (name, (int)rule.Tier, (int)rule.Action, rule.Observed ? 1 : 0);
        (content[4], content[5], content[6]) = (rule.Log ? 1 : 0, list, rule.AnyRemote ? 1 : 0);
        remotes.AsSpan().CopyTo(content[7..]);
        var number = _rules.Of(content);
        if (number == _compiled.Count)
        {
            _compiled.Add(new(name, rule.Tier, rule.Action, rule.Observed, rule.Log, rule.AnyRemote ? null : ImmutableCollectionsMarshal.AsArray(remotes), list));
            _ruleOf.Add(rule);
        }
        return number;
    }
}
