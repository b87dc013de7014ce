using System.Collections.Immutable;
using Merlon.Policy.Text;

namespace Merlon.Policy.Cases;

/// <summary>Rows and findings; use the rows only when no finding is an error.</summary>
public sealed record CaseFileResult(ImmutableArray<CaseRow> Rows, ImmutableArray<Diagnostic> Diagnostics);
