using System.Collections.Immutable;

namespace Merlon.Policy.Analyze;

/// <summary>Every change, or why there is no answer: the two revisions together are over a limit.</summary>
public sealed record DiffResult(ImmutableArray<TrafficChange> Changes, string? Error = null);
