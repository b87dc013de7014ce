using System.Collections.Immutable;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>Rule lists compared by content. A rule that stands in many lists is looked at once.</summary>
internal sealed class SameRules
{
    private readonly Dictionary<ResolvedRule, ResolvedRule> _same = new(ReferenceEqualityComparer.Instance);

    public static bool Are(ImmutableArray<RuleList> before, ImmutableArray<RuleList> after)
    {
        if (before == after) return true;
        if (before.Length != after.Length) return false;
        var rules = new SameRules();
        for (var i = 0; i < before.Length; i++)
            if (!rules.Are(before[i], after[i])) return false;
        return true;
    }

    private bool Are(RuleList before, RuleList after)
    {
        if (before.Rules == after.Rules) return before == after;
        if (before.Direction != after.Direction || before.Default != after.Default || before.Rules.Length != after.Rules.Length) return false;
        for (var i = 0; i < before.Rules.Length; i++)
            if (!Are(before.Rules[i], after.Rules[i])) return false;
        return true;
    }

    private bool Are(ResolvedRule before, ResolvedRule after)
    {
        if (ReferenceEquals(before, after) || (_same.TryGetValue(before, out var known) && ReferenceEquals(known, after))) return true;
        // Field by field: a copy of the record to compare by would be made of every rule. A field that this leaves out fails SameRulesTests.
        var same = before.Remotes.AsSpan().SequenceEqual(after.Remotes.AsSpan()) && before.Locals.AsSpan().SequenceEqual(after.Locals.AsSpan())
            && before.Services.AsSpan().SequenceEqual(after.Services.AsSpan()) && before.Active.AsSpan().SequenceEqual(after.Active.AsSpan())
            && before.Rule == after.Rule && before.Tier == after.Tier && before.Action == after.Action && before.AnyRemote == after.AnyRemote
            && before.AnyLocal == after.AnyLocal && before.Log == after.Log && before.Observed == after.Observed;
        if (same) _same[before] = after;
        return same;
    }
}
