using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>Everything that judges one vNIC in one direction, in order, tiers flattened; first match decides,
/// <see cref="RuleAction.Pass"/> goes on at the next tier, after the last rule the default decides.</summary>
public sealed record RuleList(Direction Direction, ImmutableArray<ResolvedRule> Rules, RuleAction Default);
