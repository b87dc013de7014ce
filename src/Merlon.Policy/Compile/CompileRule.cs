using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>A distinct active rule, in numbers.</summary>
/// <param name="Number">Image rule number.</param>
/// <param name="Remotes">Set numbers; null = any.</param>
/// <param name="Services">Number of its list of services.</param>
internal sealed record CompileRule(int Number, Tier Tier, RuleAction Action, bool Observed, bool Log, int[]? Remotes, int Services);
