namespace Merlon.Policy.Model;

/// <summary>A policy and its revision.</summary>
public sealed record StoredPolicy(PolicyDocument Document, long Revision)
{
    /// <summary>True when the policy judges VMs of that tenant: the tenant's own, or one of the platform's tiers.</summary>
    public bool Binds(string tenant) => Document.Tier != Tier.Tenant || Document.Tenant == tenant;

    public RuleRef RefOf(PolicyRule rule) => new(Document.Tenant, Document.Name, rule.Name, Revision);
}
