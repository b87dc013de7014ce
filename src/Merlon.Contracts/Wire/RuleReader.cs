using System.Collections.Immutable;
using Google.Protobuf.Collections;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Contracts.Wire;

/// <summary>Reads and checks the rule lists of one HostPolicyMessage.</summary>
internal static class RuleReader
{
    private const uint MaxPort = 65535;

    /// <param name="before">Those of an earlier message with as many sets.</param>
    public static ImmutableArray<RuleList> Lists(HostPolicyMessage message, ImmutableArray<RuleList> before)
    {
        var known = KnownRules.In(message, before);
        ImmutableArray<ResolvedRule> rules = [.. message.Rules.Select((m, i) => KnownRules.Says(m, known[i]) ? known[i]! : Rule(m, message.Sets.Count, $"rules[{i}]"))];
        ImmutableArray<RuleList> lists = [.. message.RuleLists.Select((m, i) => List(m, rules, message.Sets.Count, i < before.Length ? before[i].Rules : [], $"rule_lists[{i}]"))];
        return lists.AsSpan().SequenceEqual(before.AsSpan()) ? before : lists;
    }

    private static ImmutableArray<ResolvedRule> Rules(RepeatedField<RuleMessage> messages, int sets, string field) =>
        [.. messages.Select((m, i) => Rule(m, sets, $"{field}[{i}]"))];

    private static RuleList List(RuleListMessage m, ImmutableArray<ResolvedRule> known, int sets, ImmutableArray<ResolvedRule> before, string field)
    {
        var fallback = Expect.Enum<RuleAction>(m.DefaultAction, field + ".default_action");
        Expect.That(fallback != RuleAction.Pass, field + ".default_action", "pass has nowhere to go");
        Expect.That(m.Rules.Count == 0 || m.RuleIndexes.Count == 0, field + ".rules", "rules beside rule_indexes");
        var rules = m.Rules.Count > 0 ? Rules(m.Rules, sets, field + ".rules") : Named(m.RuleIndexes, known, before, field + ".rule_indexes");
        for (var i = 1; i < rules.Length; i++) Expect.That(rules[i - 1].Tier <= rules[i].Tier, $"{field}.rules[{i}].tier", "a tier before the one above it");
        return new(Expect.Enum<Direction>(m.Direction, field + ".direction"), rules, fallback);
    }

    private static ImmutableArray<ResolvedRule> Named(RepeatedField<uint> indexes, ImmutableArray<ResolvedRule> known, ImmutableArray<ResolvedRule> before, string field)
    {
        if (Are(before, indexes, known)) return before;
        var rules = ImmutableArray.CreateBuilder<ResolvedRule>(indexes.Count);
        foreach (var index in indexes) rules.Add(known[Expect.Index(index, known.Length, field)]);
        return rules.MoveToImmutable();
    }

    private static bool Are(ImmutableArray<ResolvedRule> before, RepeatedField<uint> indexes, ImmutableArray<ResolvedRule> known)
    {
        if (before.Length != indexes.Count) return false;
        for (var i = 0; i < before.Length; i++)
            if (indexes[i] >= known.Length || !ReferenceEquals(before[i], known[(int)indexes[i]])) return false;
        return true;
    }

    private static ResolvedRule Rule(RuleMessage m, int sets, string field)
    {
        Expect.Count(m.Services.Count, Limits.ServicesOfRule, field + ".services");
        Expect.Count(m.Active.Count, Limits.IntervalsOfRule, field + ".active");
        Expect.That(!m.AnyRemote || m.Remotes.Count == 0, field + ".remotes", "sets beside any_remote");
        Expect.That(!m.AnyLocal || m.Locals.Count == 0, field + ".locals", "sets beside any_local");
        return new(
            Reference(m, field),
            Expect.Enum<Tier>(m.Tier, field + ".tier"),
            Expect.Enum<RuleAction>(m.Action, field + ".action"),
            m.AnyRemote, HostPolicyReader.Ascending(m.Remotes, sets, field + ".remotes"),
            m.AnyLocal, HostPolicyReader.Ascending(m.Locals, sets, field + ".locals"),
            Services(m.Services, field + ".services"),
            m.Log, m.Observed,
            [.. m.Active.Select(i => Interval(i, field + ".active"))]);
    }

    private static RuleRef Reference(RuleMessage m, string field)
    {
        Expect.That(m.Revision >= 0, field + ".revision", "is negative");
        return new(
            Expect.Name(m.Tenant, field + ".tenant"), Expect.Name(m.Policy, field + ".policy"),
            Expect.Name(m.Rule, field + ".rule"), m.Revision);
    }

    private static ImmutableArray<ServiceMatch> Services(RepeatedField<ServiceMessage> messages, string field)
    {
        Expect.That(messages.Count > 0, field, "a rule without services matches nothing");
        var all = ImmutableArray.CreateBuilder<ServiceMatch>(messages.Count);
        foreach (var m in messages)
        {
            var service = Service(m, field);
            Expect.That(all.Count == 0 || all[^1].CompareTo(service) < 0, field, "not in ascending order");
            all.Add(service);
        }
        return all.MoveToImmutable();
    }

    private static ServiceMatch Service(ServiceMessage m, string field)
    {
        Expect.That(m.Protocol is >= -1 and <= 255, field + ".protocol", $"{m.Protocol} is no IP protocol");
        Expect.That(m.Low <= m.High && m.High <= MaxPort, field + ".low", $"{m.Low}-{m.High} is no range of 0-{MaxPort}");
        Expect.That(m.SourceLow <= m.SourceHigh && m.SourceHigh <= MaxPort, field + ".source_low", $"{m.SourceLow}-{m.SourceHigh} is no range of 0-{MaxPort}");
        return new(m.Protocol, (int)m.Low, (int)m.High, (int)m.SourceLow, (int)m.SourceHigh);
    }

    private static Interval Interval(IntervalMessage m, string field)
    {
        Expect.That(m.From < m.To, field, $"[{m.From}, {m.To}) holds no instant");
        return new(m.From, m.To);
    }
}
