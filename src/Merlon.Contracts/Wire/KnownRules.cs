using System.Collections.Immutable;
using Google.Protobuf.Collections;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Contracts.Wire;

/// <summary>Finds rules of a message that stood in the one before, at the same place of the same list.</summary>
internal static class KnownRules
{
    /// <summary>By rule of the message: the one that may be it; null = none.</summary>
    public static ResolvedRule?[] In(HostPolicyMessage message, ImmutableArray<RuleList> before)
    {
        var known = new ResolvedRule?[message.Rules.Count];
        var left = known.Length;
        for (var list = 0; list < before.Length && list < message.RuleLists.Count && left > 0; list++)
        {
            var (indexes, rules) = (message.RuleLists[list].RuleIndexes, before[list].Rules);
            for (var i = 0; i < rules.Length && i < indexes.Count; i++)
            {
                if (indexes[i] >= known.Length || known[indexes[i]] is not null) continue;
                known[indexes[i]] = rules[i];
                left--;
            }
        }
        return known;
    }

    /// <summary>Read, the message would give the same rule. A field that is left out here would keep a rule of before in force.</summary>
    public static bool Says(RuleMessage m, ResolvedRule? rule) => rule is not null
        && m.Rule == rule.Rule.Rule && m.Policy == rule.Rule.Policy && m.Tenant == rule.Rule.Tenant && m.Revision == rule.Rule.Revision
        && m.Tier == (int)rule.Tier && m.Action == (int)rule.Action && m.Log == rule.Log && m.Observed == rule.Observed
        && m.AnyRemote == rule.AnyRemote && Are(m.Remotes, rule.Remotes) && m.AnyLocal == rule.AnyLocal && Are(m.Locals, rule.Locals)
        && Are(m.Services, rule.Services) && Are(m.Active, rule.Active);

    private static bool Are(RepeatedField<uint> indexes, ImmutableArray<int> sets)
    {
        if (indexes.Count != sets.Length) return false;
        for (var i = 0; i < sets.Length; i++)
            if (indexes[i] != sets[i]) return false;
        return true;
    }

    private static bool Are(RepeatedField<ServiceMessage> messages, ImmutableArray<ServiceMatch> services)
    {
        if (messages.Count != services.Length) return false;
        for (var i = 0; i < services.Length; i++)
        {
            var (m, s) = (messages[i], services[i]);
            if (m.Protocol != s.Protocol || m.Low != s.Low || m.High != s.High || m.SourceLow != s.SourceLow || m.SourceHigh != s.SourceHigh) return false;
        }
        return true;
    }

    private static bool Are(RepeatedField<IntervalMessage> messages, ImmutableArray<Interval> intervals)
    {
        if (messages.Count != intervals.Length) return false;
        for (var i = 0; i < intervals.Length; i++)
            if (messages[i].From != intervals[i].From || messages[i].To != intervals[i].To) return false;
        return true;
    }
}
