namespace Merlon.Policy.Text;

/// <summary>One finding about a manifest.</summary>
/// <param name="Code">Stable, kebab-case.</param>
/// <param name="Line">From 1; 0 = the file as a whole.</param>
/// <param name="Hint">The nearest known name, or what was expected.</param>
public sealed record Diagnostic(Severity Severity, string Code, string Message, string File, int Line, int Column, string? Hint = null)
{
    /// <summary><c>file:line:column: error code: message (hint)</c>.</summary>
    public override string ToString() =>
        $"{File}:{Line}:{Column}: {(Severity == Severity.Error ? "error" : "warning")} {Code}: {Message}{(Hint is null ? "" : $" ({Hint})")}";
}
