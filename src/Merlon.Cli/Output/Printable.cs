using System.Globalization;

namespace Merlon.Cli.Output;

/// <summary>Text that others chose (names, labels, messages), made harmless for a terminal.</summary>
internal static class Printable
{
    /// <summary>Control and invisible formatting characters become U+FFFD: a VM's name must not move the cursor.</summary>
    public static string Line(string text) =>
        text.Any(IsHostile) ? string.Concat(text.Select(c => IsHostile(c) ? '\ufffd' : c)) : text;

    private static bool IsHostile(char c) => CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
