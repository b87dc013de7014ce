using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Controller.Rules;

/// <summary>What one host should have.</summary>
internal sealed record HostPlan(HostPolicy Policy, HostPolicyMessage Message, NicDigests Digests, ImageStats Stats)
{
    /// <summary>What the approvals of each guarded vNIC rest on.</summary>
    /// <param name="at">Unix seconds.</param>
    /// <returns>Null = over a limit at that instant.</returns>
    public Dictionary<NicKey, BoundNic>? BoundAt(long at)
    {
        var (policy, digests) = (Policy.At(at), Digests.At(at));
        return digests is null ? null : policy.Nics.Select(n => BoundNic.Of(policy, n, digests[policy.Endpoints[n.Endpoint].Key])).ToDictionary(b => b.Endpoint.Key);
    }

    /// <summary>What it takes of the limits.</summary>
    public TablesRecord Tables => new(
        new(Stats.RemoteClasses, ImageLimits.RemoteClasses), new(Stats.ServiceClasses, ImageLimits.ServiceClasses),
        new(Policy.Nics.Length, ImageLimits.Nics), new(Stats.Words * 8L, ImageLimits.Words * 8L),
        new(Stats.CellsOfRuleset, ImageLimits.CellsOfRuleset), new(Stats.V6Lengths, ImageLimits.V6Lengths), new(Stats.Realms, ImageLimits.Realms),
        new(Stats.Combos, ImageLimits.Combos), new(Stats.Chunks, ImageLimits.Chunks), new(Stats.Rules, ImageLimits.Rules));

    /// <summary>The same policy, whatever its sequence and the step that led to it.</summary>
    public bool SaysTheSameAs(HostPolicyMessage? other)
    {
        if (other is null) return false;
        var mine = Message.Numbered(other.Sequence);
        mine.Connections = other.Connections;
        return mine.Equals(other);
    }
}
