using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>Why an image could not be compiled, at the rule that takes most of what it is over.</summary>
public static class LimitErrors
{
    /// <summary>What helps against every limit.</summary>
    public const string Smaller = "ranges instead of single ports, prefixes instead of single addresses, fewer rules; see Limits in docs/policy-language.md";

    /// <summary>None for an image that was made.</summary>
    public static IEnumerable<Diagnostic> Of(PolicySet policy, CompileResult compiled)
    {
        var at = compiled.Rule is { } rule && RulePlaces.Of(policy, rule) is { } place ? place : new("", 0, 0);
        return compiled.Errors.Select(e => new Diagnostic(Severity.Error, "limit", e, at.File, at.Line, at.Column, Smaller));
    }
}
