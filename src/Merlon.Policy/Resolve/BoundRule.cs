using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>One rule with all its references looked up.</summary>
/// <param name="AppliesTo">Null = not given.</param>
internal sealed record BoundRule(StoredPolicy Policy, PolicyRule Rule, RuleSide From, RuleSide To, RuleSide? AppliesTo)
{
    public static BoundRule Of(Membership membership, StoredPolicy policy, PolicyRule rule)
    {
        var tenant = policy.Document.Tenant;
        return new(policy, rule, RuleSide.Of(membership, tenant, rule.From), RuleSide.Of(membership, tenant, rule.To),
            rule.AppliesTo is { } only ? RuleSide.Of(membership, tenant, only) : null);
    }
}
