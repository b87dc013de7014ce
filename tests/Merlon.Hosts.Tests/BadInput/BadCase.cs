using System.Text.RegularExpressions;

namespace Merlon.Hosts.Tests.BadInput;

/// <summary>Manifest files with errors, each marked <c>§code§</c> at the very place where it must be reported.</summary>
public sealed partial class BadCase
{
    /// <param name="bad">The files as applied, with marks.</param>
    /// <param name="corrected">What a person makes of them after reading the errors.</param>
    public BadCase(string[] bad, string[] corrected)
    {
        var expected = new List<Place>();
        Files = [.. bad.Select((text, file) => Unmark(text, file, expected))];
        (Expected, Corrected) = (expected, corrected);
    }

    public string[] Files { get; }

    public string[] Corrected { get; }

    public IReadOnlyList<Place> Expected { get; }

    /// <param name="File">Index into <see cref="Files"/>.</param>
    public sealed record Place(int File, int Line, int Column, string Code);

    private static string Unmark(string text, int file, List<Place> expected)
    {
        while (Mark().Match(text) is { Success: true } mark)
        {
            var before = text[..mark.Index];
            expected.Add(new(file, before.Count(c => c == '\n') + 1, mark.Index - before.LastIndexOf('\n'), mark.Groups[1].Value));
            text = before + text[(mark.Index + mark.Length)..];
        }
        return text;
    }

    [GeneratedRegex("§([a-z-]+)§")]
    private static partial Regex Mark();
}
