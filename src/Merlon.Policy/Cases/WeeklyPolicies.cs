using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Cases;

/// <summary>One policy's answers for every host and week, each worked out when it is first asked for.</summary>
public sealed class WeeklyPolicies(PolicySet policy, VmInventory inventory)
{
    private readonly Dictionary<long, Resolver> _resolvers = [];
    private readonly Dictionary<(string Host, long Week), HostPolicy> _policies = [];

    /// <param name="at">Unix seconds.</param>
    public HostPolicy Of(string host, long at)
    {
        var week = Horizon.WeekOf(at);
        if (!_resolvers.TryGetValue(week, out var resolver)) _resolvers.Add(week, resolver = new(policy, inventory, at));
        if (!_policies.TryGetValue((host, week), out var resolved)) _policies.Add((host, week), resolved = resolver.Of(host, 0));
        return resolved;
    }
}
