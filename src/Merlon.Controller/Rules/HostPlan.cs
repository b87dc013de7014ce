using System.Collections.Immutable;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Controller.Rules;

/// <summary>What one host should have.</summary>
/// <param name="Digests">Ruleset digest by vNIC, as the agent will read it back.</param>
internal sealed record HostPlan(HostPolicy Policy, HostPolicyMessage Message, ImmutableDictionary<NicKey, string> Digests, ImageStats Stats)
{
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
