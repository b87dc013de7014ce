using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>Where a rule is written.</summary>
public static class RulePlaces
{
    /// <summary>Null for the default, built-in rules, and rules of another policy.</summary>
    public static Position? Of(PolicySet policy, RuleRef rule) => policy.Policies.Select(p => p.Document)
        .FirstOrDefault(p => (p.Tenant, p.Name) == (rule.Tenant, rule.Policy))?.Rules.FirstOrDefault(r => r.Name == rule.Rule)?.Position;
}
