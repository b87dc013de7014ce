using Merlon.Contracts.Api;

namespace Merlon.Cli.Output;

/// <summary>Findings about documents, one line each in the form that editors and people know.</summary>
internal static class Diagnostics
{
    public static string Line(DiagnosticRecord d) => Printable.Line(
        $"{d.File}:{d.Line}:{d.Column}: {d.Severity} {d.Code}: {d.Message}" + (d.Hint is null ? "" : $" ({d.Hint})"));

    public static bool HasError(IEnumerable<DiagnosticRecord> diagnostics) => diagnostics.Any(d => d.Severity == "error");
}
