using System.Collections.Immutable;
using Merlon.Contracts.Wire;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Controller.Rules;

/// <summary>What one host should have.</summary>
/// <param name="Digests">Ruleset digest by vNIC, as the agent will read it back.</param>
internal sealed record HostPlan(HostPolicy Policy, HostPolicyMessage Message, ImmutableDictionary<NicKey, string> Digests)
{
    /// <summary>The same policy, whatever its sequence.</summary>
    public bool SaysTheSameAs(HostPolicyMessage? other) => other is not null && Message.Numbered(other.Sequence).Equals(other);
}
