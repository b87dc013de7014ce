using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>The rules that judge one vNIC in one direction; equal lists are one.</summary>
internal sealed class RuleLists
{
    private readonly PolicySet _policy;
    private readonly Atoms _atoms;
    private readonly SetTable _sets;
    private readonly RuleIndexes _indexes;
    private readonly Dictionary<(BoundRule Rule, Direction Direction, string Locals), int> _ruleNumbers = new(RuleKey.Instance);
    private readonly List<ResolvedRule> _rules = [];
    private readonly Dictionary<string, int> _listNumbers = [];
    private readonly List<RuleList> _lists = [];

    // No interval at all would mean always.
    private static readonly ImmutableArray<Interval> Never = [new(long.MinValue, long.MinValue + 1)];
    private readonly Dictionary<WeeklySchedule, ImmutableArray<Interval>> _schedules = [];
    private readonly long _at;

    public RuleLists(PolicySet policy, Atoms atoms, RuleIndexes indexes, SetTable sets, long at) =>
        (_policy, _atoms, _indexes, _sets, _at) = (policy, atoms, indexes, sets, at);

    public ImmutableArray<RuleList> All => [.. _lists];

    /// <summary>Number of the list for nic <paramref name="nic"/>.</summary>
    public int For(int nic, Direction direction)
    {
        var tenant = _atoms.Nics[nic].Vm.Tenant;
        var numbers = new List<int>();
        foreach (var rule in _indexes.Of(tenant, direction).For(nic))
            if (Number(rule, nic, direction) is { } number) numbers.Add(number);
        var fallback = _policy.Default(tenant, direction);
        var key = $"{direction} {fallback} {string.Join(' ', numbers)}";
        if (!_listNumbers.TryGetValue(key, out var list))
        {
            _listNumbers.Add(key, list = _lists.Count);
            _lists.Add(new(direction, [.. numbers.Select(n => _rules[n])], fallback));
        }
        return list;
    }

    private int? Number(BoundRule rule, int nic, Direction direction)
    {
        var own = direction == Direction.Out ? rule.From : rule.To;
        if (!own.Touches(_atoms, nic) || rule.AppliesTo?.Touches(_atoms, nic) == false) return null;
        ImmutableArray<int> locals = own.Holds(_atoms, nic) ? []
            : [.. own.Sets.Where(s => RuleSide.Touches(s, _atoms, nic)).Select(_sets.Number).Distinct().Order()];
        var key = (rule, direction, locals.IsEmpty ? "" : string.Join(' ', locals));
        if (_ruleNumbers.TryGetValue(key, out var number)) return number;
        _ruleNumbers.Add(key, number = _rules.Count);
        _rules.Add(Resolve(rule, direction, locals));
        return number;
    }

    private ResolvedRule Resolve(BoundRule bound, Direction direction, ImmutableArray<int> locals)
    {
        var (document, rule) = (bound.Policy.Document, bound.Rule);
        var remote = direction == Direction.Out ? bound.To : bound.From;
        return new(bound.Policy.RefOf(rule), document.Tier, rule.Action,
            remote.Any, [.. remote.Sets.Select(_sets.Number).Distinct().Order()],
            locals.IsEmpty, locals,
            _policy.Matches(document.Tenant, rule.Services), rule.Log, document.Enforcement == Enforcement.Observe,
            Active(rule));
    }

    private ImmutableArray<Interval> Active(PolicyRule rule)
    {
        if (rule.Schedule is not { } schedule) return rule.ExpiresAt is { } end ? [new(long.MinValue, end)] : [];
        if (!_schedules.TryGetValue(schedule, out var all)) _schedules.Add(schedule, all = schedule.Between(Horizon.WeekOf(_at), Horizon.EndOf(_at)));
        ImmutableArray<Interval> active = [.. all.Select(i => new Interval(i.From, Math.Min(i.To, rule.ExpiresAt ?? long.MaxValue))).Where(i => i.From < i.To)];
        return active.IsEmpty ? Never : active;
    }

    /// <summary>Rules by identity: a record's own comparison would read all of it.</summary>
    private sealed class RuleKey : IEqualityComparer<(BoundRule Rule, Direction Direction, string Locals)>
    {
        public static readonly RuleKey Instance = new();

        public bool Equals((BoundRule Rule, Direction Direction, string Locals) x, (BoundRule Rule, Direction Direction, string Locals) y) =>
            ReferenceEquals(x.Rule, y.Rule) && x.Direction == y.Direction && x.Locals == y.Locals;

        public int GetHashCode((BoundRule Rule, Direction Direction, string Locals) key) =>
            HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(key.Rule), key.Direction, key.Locals);
    }
}
