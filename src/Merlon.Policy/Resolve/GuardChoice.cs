using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>The one Guard that binds a vNIC: first match in order of priority and name, taken whole. Null = not guarded.
/// Learned addresses do not count: a guest that claims one would choose who guards it.</summary>
internal sealed class GuardChoice(PolicySet policy, Membership membership)
{
    private readonly (GuardDocument Guard, RuleSide Who)[] _guards = [.. policy.Guards.Select(g => (g, RuleSide.Of(membership, g.Tenant, g.Select)))];

    public NicGuard? Of(int nic)
    {
        if (policy.GuardsAll) return NicGuard.Default;
        var guard = Document(nic);
        return guard is null or { Exclude: true } ? null : new(guard.Name, guard.Out, guard.In, guard.Mode, guard.OnFailure, guard.Log,
            guard.AntiSpoof, guard.MaxConnections, guard.MaxHalfOpen, guard.Rates, guard.Frames, guard.ShortCut, guard.CarryConnections)
        {
            Untracked = guard.Untracked.IsNone ? UntrackedPorts.None : new(Ports(guard, guard.Untracked.Serves), Ports(guard, guard.Untracked.Asks)),
            Learn = guard.Learn.By,
            Adopt = guard.Adopt,
        };
    }

    private ImmutableArray<PortRange> Ports(GuardDocument guard, ImmutableArray<ServiceTerm> services) =>
        PortRange.Merged(policy.Matches(guard.Tenant, services).Select(m => new PortRange(m.Low, m.High)));

    /// <summary>The document that binds, guarding or excluding; null = none does.</summary>
    public GuardDocument? Document(int nic) => _guards.FirstOrDefault(g => g.Who.Binds(membership.Atoms, nic)).Guard;
}
