using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>One rule as written.</summary>
/// <param name="AppliesTo">Null = every own vNIC in from or to; else only those of them that are in it too.</param>
/// <param name="ExpiresAt">Unix seconds of the first instant without the rule; null = never.</param>
public sealed record PolicyRule(
    string Name, ImmutableArray<Reference> From, ImmutableArray<Reference> To, ImmutableArray<Reference>? AppliesTo,
    ImmutableArray<ServiceTerm> Services, RuleAction Action, bool Log, long? ExpiresAt, Position Position)
{
    /// <summary>When it is there; null = always.</summary>
    public WeeklySchedule? Schedule { get; init; }

    public bool IsThere(long unixSeconds) => !(ExpiresAt <= unixSeconds) && Schedule?.Contains(unixSeconds) != false;
}
