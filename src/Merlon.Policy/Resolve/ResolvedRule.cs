using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>One rule as it binds one vNIC in one direction.</summary>
/// <param name="Remotes">Indexes of sets the other end must be in (any of them); empty and <see cref="AnyRemote"/> = every address.</param>
/// <param name="Locals">Sets the own address must be in (any of them); empty with <see cref="AnyLocal"/> = whatever the own address is.</param>
/// <param name="Services">Any of them; sorted and distinct.</param>
/// <param name="Observed">The policy is in observe: left out of the active verdict.</param>
/// <param name="Active">When the rule exists; empty = always.</param>
public sealed record ResolvedRule(
    RuleRef Rule, Tier Tier, RuleAction Action,
    bool AnyRemote, ImmutableArray<int> Remotes,
    bool AnyLocal, ImmutableArray<int> Locals,
    ImmutableArray<ServiceMatch> Services,
    bool Log, bool Observed, ImmutableArray<Interval> Active);
