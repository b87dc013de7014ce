using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>The rules that judge one vNIC in one direction; equal lists are one.</summary>
internal sealed class RuleLists(PolicySet policy, Membership membership, SetTable sets)
{
    private readonly Dictionary<(PolicyRule Rule, Direction Direction, string Locals), int> _ruleNumbers = [];
    private readonly List<ResolvedRule> _rules = [];
    private readonly Dictionary<string, int> _listNumbers = [];
    private readonly List<RuleList> _lists = [];

    public ImmutableArray<RuleList> All => [.. _lists];

    /// <summary>Number of the list for nic <paramref name="nic"/>.</summary>
    public int For(int nic, Direction direction)
    {
        var tenant = membership.Atoms.Nics[nic].Vm.Tenant;
        var numbers = new List<int>();
        foreach (var stored in policy.Policies.Where(p => p.Binds(tenant)))
            foreach (var rule in stored.Document.Rules)
                if (Rule(stored, rule, nic, direction) is { } number) numbers.Add(number);
        var fallback = policy.Default(tenant, direction);
        var key = $"{direction} {fallback} {string.Join(' ', numbers)}";
        if (!_listNumbers.TryGetValue(key, out var list))
        {
            _listNumbers.Add(key, list = _lists.Count);
            _lists.Add(new(direction, [.. numbers.Select(n => _rules[n])], fallback));
        }
        return list;
    }

    private int? Rule(StoredPolicy stored, PolicyRule rule, int nic, Direction direction)
    {
        var tenant = stored.Document.Tenant;
        if (Locals(tenant, direction == Direction.Out ? rule.From : rule.To, nic) is not { } locals) return null;
        if (rule.AppliesTo is { } only && !membership.Holds(tenant, only, nic)) return null;
        var key = (rule, direction, string.Join(' ', locals));
        if (_ruleNumbers.TryGetValue(key, out var number)) return number;
        _ruleNumbers.Add(key, number = _rules.Count);
        _rules.Add(Resolve(stored, rule, direction, locals));
        return number;
    }

    private ResolvedRule Resolve(StoredPolicy stored, PolicyRule rule, Direction direction, ImmutableArray<int> locals)
    {
        var document = stored.Document;
        var remotes = direction == Direction.Out ? rule.To : rule.From;
        var any = remotes.Any(r => r.Kind == ReferenceKind.Any);
        return new(stored.RefOf(rule), document.Tier, rule.Action,
            any, any ? [] : [.. remotes.Select(r => sets.Number(membership.Of(document.Tenant, r))).Distinct().Order()],
            locals.IsEmpty, locals,
            policy.Matches(document.Tenant, rule.Services), rule.Log, document.Enforcement == Enforcement.Observe,
            rule.ExpiresAt is { } end ? [new(long.MinValue, end)] : []);
    }

    /// <summary>Null: the vNIC is in none of the references whatever address it uses. Empty: in them whatever address it uses.
    /// Else the sets that its own address must be in.</summary>
    private ImmutableArray<int>? Locals(string tenant, ImmutableArray<Reference> references, int nic)
    {
        if (references.Any(r => r.Kind == ReferenceKind.Any)) return [];
        var atoms = membership.Atoms;
        var own = atoms.OwnOf[nic];
        var all = references.Select(r => membership.Of(tenant, r)).ToArray();
        var mine = all.Where(s => s[nic] || own.Any(o => s[atoms.OwnBase + o])).ToArray();
        if (mine.Length == 0) return null;
        var always = mine.Any(s => s[nic]) && own.All(o => mine.Any(s => s[atoms.OwnBase + o]));
        return always ? [] : [.. mine.Select(sets.Number).Distinct().Order()];
    }
}
