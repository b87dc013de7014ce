using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>Collects diagnostics, at most <see cref="ManifestLimits.MaxDiagnostics"/> of one file.</summary>
internal sealed class Findings
{
    private readonly List<Diagnostic> _found = [];
    private readonly Dictionary<string, int> _perFile = [];
    private readonly HashSet<string> _filesWithErrors = [];

    public int Errors { get; private set; }

    public void Error(string code, Position at, string message, string? hint = null) => Add(Severity.Error, code, at, message, hint);

    public void Warning(string code, Position at, string message, string? hint = null) => Add(Severity.Warning, code, at, message, hint);

    /// <summary>In order of file and place, whatever the order they were found in.</summary>
    public ImmutableArray<Diagnostic> InOrder()
    {
        var unlisted = _perFile.Where(f => f.Value > ManifestLimits.MaxDiagnostics).Select(f =>
            new Diagnostic(_filesWithErrors.Contains(f.Key) ? Severity.Error : Severity.Warning, "too-many-errors", $"{f.Value - ManifestLimits.MaxDiagnostics} more findings are not listed", f.Key, int.MaxValue, 0));
        return [.. _found.Concat(unlisted).OrderBy(d => d.File, StringComparer.Ordinal).ThenBy(d => d.Line).ThenBy(d => d.Column)
            .ThenBy(d => d.Code, StringComparer.Ordinal).ThenBy(d => d.Message, StringComparer.Ordinal)
            .Select(d => d.Line == int.MaxValue ? d with { Line = 0 } : d)];
    }

    private void Add(Severity severity, string code, Position at, string message, string? hint)
    {
        var file = at.File ?? "";
        if (severity == Severity.Error)
        {
            Errors++;
            _filesWithErrors.Add(file);
        }
        var count = _perFile[file] = _perFile.GetValueOrDefault(file) + 1;
        if (count <= ManifestLimits.MaxDiagnostics) _found.Add(new(severity, code, message, file, at.Line, at.Column, hint));
    }
}
