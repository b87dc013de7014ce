using System.Collections.Immutable;

namespace Merlon.Policy.Explain;

/// <summary>The answer to a question asked in names. <paramref name="Question"/> is the packet that was judged (the first of those that
/// the names mean and that gets the worst verdict); <paramref name="Assumptions"/> say what was chosen for the asker.</summary>
/// <param name="Error">Why there is no answer: an unknown name, no address family in common. Null = answered.</param>
public sealed record Explanation(string? Error, FlowQuestion? Question, PlainAnswer? Answer, ImmutableArray<string> Assumptions);
