using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>Ordered rules in one tier.</summary>
/// <param name="Priority">0–65535, lower first; then by name.</param>
public sealed record PolicyDocument(
    string Tenant, string Name, ImmutableSortedDictionary<string, string> Annotations, Position Position,
    Tier Tier, int Priority, Enforcement Enforcement, ImmutableArray<PolicyRule> Rules) : Document(Tenant, Name, Annotations, Position)
{
    public override string Kind => "Policy";

    /// <summary>Judges before all others, and is not changed or removed unless the call names it. See <see cref="ProtectedPolicies"/>.</summary>
    public bool Protected { get; init; }
}
