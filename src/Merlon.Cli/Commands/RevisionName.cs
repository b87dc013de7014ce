using System.Globalization;

namespace Merlon.Cli.Commands;

/// <summary><c>TENANT@REVISION</c> or <c>TENANT@now</c> on the command line; what exists as a file is a path.</summary>
/// <param name="Number">Null = the present one.</param>
internal sealed record RevisionName(string Tenant, long? Number)
{
    public static RevisionName? Parse(string text)
    {
        var at = text.LastIndexOf('@');
        if (at <= 0 || Path.Exists(text)) return null;
        if (text[(at + 1)..] == "now") return new(text[..at], null);
        return long.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new(text[..at], number) : null;
    }
}
