using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>Policy documents.</summary>
internal sealed class RulesReader(Findings findings, TermReader terms)
{
    private const int MostTimes = 28;

    public PolicyDocument? Read(DocumentHead head, YamlNode node)
    {
        if (Fields.Open(node, "a Policy's spec", findings, "tier", "priority", "enforcement", "protected", "rules") is not { } spec) return null;
        var tier = spec.Choice("tier", Tier.Tenant, false,
            ("emergency", Tier.Emergency), ("platform", Tier.Platform), ("tenant", Tier.Tenant), ("baseline", Tier.Baseline));
        var priority = spec.Number("priority", 1000, 0, 65535);
        var enforcement = spec.Choice("enforcement", Enforcement.Enforce, false, Words.Enforcements);
        var isProtected = spec.Flag("protected");
        var rules = ImmutableArray.CreateBuilder<PolicyRule>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in spec.List("rules", required: true))
        {
            if (Rule(item) is not { } rule) continue;
            if (!names.Add(rule.Name)) findings.Error("duplicate-rule", rule.Position, $"rule '{rule.Name}' stands twice in policy '{head.Name}'");
            rules.Add(rule);
        }
        return new(head.Tenant, head.Name, head.Annotations, head.At, tier, priority, enforcement, rules.ToImmutable()) { Protected = isProtected };
    }

    private PolicyRule? Rule(YamlNode node)
    {
        if (Fields.Open(node, "a rule", findings, "name", "from", "to", "appliesTo", "services", "action", "log", "expiresAt", "schedule") is not { } fields) return null;
        var name = fields.Text("name", required: true);
        if (name is not null && !NameRules.IsName(name)) findings.Error("bad-name", fields.Place("name"), $"'{name}' is no rule name", "expected " + NameRules.Documents);
        var from = terms.References(fields, "from", required: true);
        var to = terms.References(fields, "to", required: true);
        ImmutableArray<Reference>? appliesTo = fields.Has("appliesTo") ? terms.References(fields, "appliesTo", required: true) : null;
        var services = terms.Services(fields, "services");
        var action = fields.Choice("action", RuleAction.Deny, true, Words.Actions);
        var log = fields.Flag("log");
        var expires = Expiry(fields);
        var schedule = Schedule(fields);
        return name is null ? null : new(name, from, to, appliesTo, services, action, log, expires, fields.At) { Schedule = schedule };
    }

    private WeeklySchedule? Schedule(Fields rule)
    {
        if (rule.Get("schedule") is not { } node || Fields.Open(node, "a schedule", findings, "zone", "times") is not { } fields) return null;
        var zone = fields.Text("zone", required: true);
        if (zone is not null && !WeeklySchedule.IsZone(zone))
            findings.Error("unknown-zone", fields.Place("zone"), $"'{zone}' is no time zone of this machine", "expected UTC or a name of the tz database, such as Europe/Berlin");
        var times = ImmutableArray.CreateBuilder<WeeklySpan>();
        var items = fields.List("times", required: true);
        foreach (var item in items)
        {
            if (fields.TextOf(item, "an entry of 'times'") is not { } text) continue;
            if (ScheduleText.Parse(text) is { } span) times.Add(span);
            else findings.Error("bad-schedule", item.At, $"'{text}' is no weekly time", "expected DAY[-DAY] HH:MM-HH:MM, such as mon-fri 08:00-18:00");
        }
        if (fields.Has("times") && items.Length is 0 or > MostTimes) findings.Error("bad-schedule", fields.Place("times"), $"'times' must list 1 to {MostTimes} weekly times");
        return zone is null ? null : new(zone, times.ToImmutable());
    }

    private long? Expiry(Fields fields)
    {
        if (fields.Text("expiresAt") is not { } text) return null;
        var instant = TimeText.Parse(text, out var problem);
        terms.Report(problem, fields.Place("expiresAt"));
        return instant;
    }
}
