using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>Every document that could be read and every finding, in file order. Use the documents only when no finding is an error.</summary>
public sealed record ParseResult(ImmutableArray<Document> Documents, ImmutableArray<Diagnostic> Diagnostics)
{
    public bool Ok => !Diagnostics.Any(d => d.Severity == Severity.Error);
}
