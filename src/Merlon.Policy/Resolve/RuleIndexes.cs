using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>The rules that bind each tenant's vNICs, looked up when they are first asked for and the same for every host.</summary>
internal sealed class RuleIndexes(PolicySet policy, Membership membership)
{
    private readonly Dictionary<(string Tenant, Direction Direction), RuleIndex> _ofTenant = [];
    private readonly Dictionary<StoredPolicy, BoundRule[]> _bound = new(ReferenceEqualityComparer.Instance);

    public RuleIndex Of(string tenant, Direction direction)
    {
        if (!_ofTenant.TryGetValue((tenant, direction), out var rules))
            _ofTenant.Add((tenant, direction), rules = new([.. policy.Policies.Where(p => p.Binds(tenant)).SelectMany(Bound)], direction, membership.Atoms));
        return rules;
    }

    private BoundRule[] Bound(StoredPolicy stored)
    {
        if (!_bound.TryGetValue(stored, out var rules))
            _bound.Add(stored, rules = [.. stored.Document.Rules.Select(r => BoundRule.Of(membership, stored, r))]);
        return rules;
    }
}
