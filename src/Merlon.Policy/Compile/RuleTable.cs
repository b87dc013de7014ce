using System.Collections.Immutable;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>The rules of a HostPolicy that are active at the instant, in numbers: their names, services and sets.</summary>
internal sealed class RuleTable
{
    private readonly Dictionary<RuleRef, int> _numbers = [];
    private readonly List<RuleRef> _names = [];
    private readonly Numbering<int> _services = new();
    private readonly Numbering<int> _rules = new();
    private readonly List<CompileRule> _compiled = [];
    private readonly Dictionary<ServiceMatch, int> _matchNumbers;

    public RuleTable(HostPolicy policy, long at)
    {
        var active = policy.RuleLists.Select(l => l.Rules.Where(r => r.Active.IsEmpty || r.Active.Any(i => i.Contains(at))).ToArray()).ToArray();
        Matches = [.. active.SelectMany(l => l).SelectMany(r => r.Services).Distinct().Order()];
        _matchNumbers = Matches.Select((m, i) => (m, i)).ToDictionary(x => x.m, x => x.i);
        var used = new SortedSet<int>();
        foreach (var rule in active.SelectMany(l => l))
        {
            used.UnionWith(rule.Remotes);
            used.UnionWith(rule.Locals);
        }
        UsedSets = [.. used];
        Lists = [.. active.Select(l => l.Select(r => (Number(r), r)).ToArray())];
        OverLimitException.Check(_names.Count, ImageLimits.Rules, "rules", () => "all policies of this host together");
    }

    /// <summary>Distinct services of all rules, sorted.</summary>
    public ImmutableArray<ServiceMatch> Matches { get; }

    public int[] UsedSets { get; }

    /// <summary>By rule list: number of the distinct rule, and the rule.</summary>
    public (int Number, ResolvedRule Rule)[][] Lists { get; }

    public ImmutableArray<RuleRef> Names => [.. _names];

    public CompileRule this[int number] => _compiled[number];

    /// <summary>The rule that names the most services, and how many.</summary>
    public (string Who, RuleRef? Rule) WithMostServices() => Lists.SelectMany(l => l).Select(r => r.Rule)
        .OrderByDescending(r => r.Services.Length).ThenBy(r => r.Rule)
        .Select(r => ($"most by rule {r.Rule.Tenant}/{r.Rule.Policy}/{r.Rule.Rule}, which names {r.Services.Length} services", (RuleRef?)r.Rule))
        .FirstOrDefault(("no rules", null));

    /// <summary>Service classes that each list of services holds.</summary>
    /// <param name="classesOf">Those of one of <see cref="Matches"/>, by its index.</param>
    public int[][] ClassesOfServices(Func<int, IReadOnlyList<int>> classesOf) =>
        [.. _services.All.Select(matches => matches.SelectMany(classesOf).Distinct().Order().ToArray())];

    /// <summary>What the rule does to a packet, its own side aside: rules that differ only there are one.</summary>
    private int Number(ResolvedRule rule)
    {
        if (!_numbers.TryGetValue(rule.Rule, out var name))
        {
            _numbers.Add(rule.Rule, name = _names.Count);
            _names.Add(rule.Rule);
        }
        var services = _services.Of([.. rule.Services.Select(s => _matchNumbers[s])]);
        int[] content = [name, (int)rule.Tier, (int)rule.Action, rule.Observed ? 1 : 0, rule.Log ? 1 : 0, services, rule.AnyRemote ? 1 : 0, .. rule.Remotes];
        var number = _rules.Of(content);
        if (number == _compiled.Count)
            _compiled.Add(new(name, rule.Tier, rule.Action, rule.Observed, rule.Log, rule.AnyRemote ? null : [.. rule.Remotes], services));
        return number;
    }
}
