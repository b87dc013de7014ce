using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>The one Guard that binds a vNIC: first match in order of priority and name, taken whole. Null = not guarded.</summary>
internal static class GuardChoice
{
    public static NicGuard? Of(PolicySet policy, Membership membership, int nic)
    {
        if (policy.GuardsAll) return NicGuard.Default;
        var guard = policy.Guards.FirstOrDefault(g => membership.Holds(g.Tenant, g.Select, nic));
        return guard is null or { Exclude: true } ? null : new(guard.Name, guard.Out, guard.In, guard.Mode, guard.OnFailure, guard.Log,
            guard.AntiSpoof, guard.MaxConnections, guard.MaxHalfOpen);
    }
}
