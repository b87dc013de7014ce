using Merlon.Contracts.Api;

namespace Merlon.Cli.Output;

/// <summary>Findings about documents, one line each in the form that editors and people know; without a place when they are
/// about all documents together.</summary>
internal static class Diagnostics
{
    public static string Line(DiagnosticRecord d) => Printable.Line(
        (d.File.Length == 0 ? "" : $"{d.File}:{d.Line}:{d.Column}: ") + $"{d.Severity} {d.Code}: {d.Message}" + (d.Hint is null ? "" : $" ({d.Hint})"));
}
