using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>Every document that could be read and every finding, in file order. Use the documents only when no finding is an error.</summary>
/// <param name="Partial">Documents with errors, as far as they could be read; null = of one not even the name could.</param>
public sealed record ParseResult(ImmutableArray<Document> Documents, ImmutableArray<Diagnostic> Diagnostics, ImmutableArray<Document>? Partial)
{
    public bool Ok => !Diagnostics.Any(d => d.Severity == Severity.Error);
}
