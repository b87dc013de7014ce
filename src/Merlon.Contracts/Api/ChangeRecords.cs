using Merlon.Policy.Analyze;
using Merlon.Policy.Model;

namespace Merlon.Contracts.Api;

/// <summary>What the analysis found, as the API and the command line tell it.</summary>
public static class ChangeRecords
{
    public static IReadOnlyList<TrafficChangeRecord> Of(IEnumerable<TrafficChange> changes, Revision before, Revision after) =>
        [.. changes.Select(c => new TrafficChangeRecord(
            c.Kind.ToString().ToLowerInvariant(), c.Realm, [.. c.Families.Select(f => f.ToString().ToLowerInvariant())], Names(c.From), Names(c.To),
            new([.. c.Services.Matches.Select(Services.Text)], [.. c.Services.Except.Select(Services.Text)]),
            Decision(c.Before, before), Decision(c.After, after), Witness(c.Witness, before, after)))];

    public static IReadOnlyList<AccessRecord> Of(AccessResult access, Revision revision) =>
        [.. access.Boxes.Select(b => new AccessRecord(b.Realm, [.. b.Families.Select(f => f.ToString().ToLowerInvariant())], Names(b.From), Names(b.To),
            new([.. b.Services.Matches.Select(Services.Text)], [.. b.Services.Except.Select(Services.Text)]), [.. b.Rules.Select(r => Place(r, revision.Policy))]))];

    public static IReadOnlyList<LooserRecord> Looser(Revision before, Revision after) =>
        [.. LooserChecks.Of(before, after).Select(c => new LooserRecord(c.Check, c.Before, c.After, c.Vms))];

    private static NamesRecord Names(Ends ends) => new(ends.Names, ends.Except);

    private static DecisionRecord Decision(Decision decision, Revision revision) =>
        new(ExplainRecords.Word(decision.Verdict), [.. decision.Rules.Select(r => Place(r, revision.Policy))], decision.Untracked);

    private static RulePlaceRecord Place(RuleRef rule, PolicySet policy) =>
        RulePlaces.Of(policy, rule) is { } at ? new(rule.ToString(), at.File, at.Line) : new(rule.ToString(), null, null);

    private static WitnessRecord Witness(Witness w, Revision before, Revision after)
    {
        var (from, to) = (Vm(w.From), Vm(w.To));
        return new(w.From.ToString(), from, w.To.ToString(), to, ExplainRecords.Service(w.Protocol, w.DestinationPort), Protocols.HasPorts(w.Protocol) ? w.SourcePort : null,
            w.Direction == Direction.Out ? $"out of {from}" : $"into {to}", w.RuleBefore?.ToString(), w.RuleAfter?.ToString());

        string? Vm(Address address) => (after.Vms.Owner(w.Realm, address) ?? before.Vms.Owner(w.Realm, address))?.Vm.Name;
    }
}
