using System.Collections.Immutable;
using Merlon.Policy.Text;

namespace Merlon.Policy.Model;

/// <summary>The set, or null when a finding is an error.</summary>
public sealed record PolicySetResult(PolicySet? Set, ImmutableArray<Diagnostic> Diagnostics);
