using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>Policy documents.</summary>
internal sealed class RulesReader(Findings findings, TermReader terms)
{
    public PolicyDocument? Read(DocumentHead head, YamlNode node)
    {
        if (Fields.Open(node, "a Policy's spec", findings, "tier", "priority", "enforcement", "rules") is not { } spec) return null;
        var tier = spec.Choice("tier", Tier.Tenant, false,
            ("emergency", Tier.Emergency), ("platform", Tier.Platform), ("tenant", Tier.Tenant), ("baseline", Tier.Baseline));
        var priority = spec.Number("priority", 1000, 0, 65535);
        var enforcement = spec.Choice("enforcement", Enforcement.Enforce, false, Words.Enforcements);
        var rules = ImmutableArray.CreateBuilder<PolicyRule>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in spec.List("rules", required: true))
        {
            if (Rule(item) is not { } rule) continue;
            if (!names.Add(rule.Name)) findings.Error("duplicate-rule", rule.Position, $"rule '{rule.Name}' stands twice in policy '{head.Name}'");
            rules.Add(rule);
        }
        return new(head.Tenant, head.Name, head.Annotations, head.At, tier, priority, enforcement, rules.ToImmutable());
    }

    private PolicyRule? Rule(YamlNode node)
    {
        if (Fields.Open(node, "a rule", findings, "name", "from", "to", "appliesTo", "services", "action", "log", "expiresAt") is not { } fields) return null;
        var name = fields.Text("name", required: true);
        if (name is not null && !NameRules.IsName(name)) findings.Error("bad-name", fields.Place("name"), $"'{name}' is no rule name", "expected " + NameRules.Documents);
        var from = terms.References(fields, "from", required: true);
        var to = terms.References(fields, "to", required: true);
        ImmutableArray<Reference>? appliesTo = fields.Has("appliesTo") ? terms.References(fields, "appliesTo", required: true) : null;
        var services = terms.Services(fields, "services");
        var action = fields.Choice("action", RuleAction.Deny, true, Words.Actions);
        var log = fields.Flag("log");
        var expires = Expiry(fields);
        return name is null ? null : new(name, from, to, appliesTo, services, action, log, expires, fields.At);
    }

    private long? Expiry(Fields fields)
    {
        if (fields.Text("expiresAt") is not { } text) return null;
        var instant = TimeText.Parse(text, out var problem);
        terms.Report(problem, fields.Place("expiresAt"));
        return instant;
    }
}
