using System.Collections.Immutable;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>Documents whose annotation <c>reviewBy</c> is over, or is no instant.</summary>
public static class DueReviews
{
    private const string Annotation = "reviewBy";

    /// <summary>Warnings in order of place.</summary>
    public static ImmutableArray<Diagnostic> Of(PolicySet policy, long at)
    {
        var findings = new Findings();
        foreach (var document in policy.Documents.Select(d => d.Document))
        {
            if (!document.Annotations.TryGetValue(Annotation, out var text)) continue;
            if (TimeText.Parse(text, out var problem) is not { } due) findings.Warning("bad-time", document.Position, $"{Annotation}: {problem!.Message}", problem.Hint);
            else if (due <= at) findings.Warning("review-due", document.Position, $"{document.Kind} {document.Tenant}/{document.Name} was to be reviewed by {text}", Owner(document));
        }
        return findings.InOrder();
    }

    private static string? Owner(Document document) => document.Annotations.TryGetValue("owner", out var owner) ? $"ask {owner}, then move {Annotation}" : null;
}
