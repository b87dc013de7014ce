using System.Collections.Immutable;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>Who can reach one, or what one can reach.</summary>
/// <param name="Problem">Why the question means nothing; null = answered.</param>
/// <param name="Boxes">Disjoint; outside them nothing passes but what only built-in rules let pass.</param>
public sealed record AccessResult(Problem? Problem, ImmutableArray<AccessBox> Boxes);
