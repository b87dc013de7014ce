using System.Globalization;
using System.Text.RegularExpressions;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>Numbers of packet texts: sums that wrap at 32 bits (<c>1000+64000</c>, <c>0xffffff00</c>), times, and ranges that stand for several texts.</summary>
internal static partial class Numbers
{
    public static uint Word(string text)
    {
        var sum = 0U;
        foreach (Match term in Terms().Matches(text))
            sum += term.Groups[1].Value == "-" ? 0U - Term(term.Groups[2].Value) : Term(term.Groups[2].Value);
        return text.Length > 0 && Terms().Replace(text, "").Length == 0 ? sum : throw new FormatException($"'{text}' is no number");
    }

    public static int Small(string text, int most)
    {
        var value = Word(text);
        return value <= most ? (int)value : throw new FormatException($"'{text}' is more than {most}");
    }

    /// <summary><c>5s</c>, <c>2m</c>, <c>12h</c>.</summary>
    public static TimeSpan Time(string text) => (Term(text[..^1]), text[^1]) switch
    {
        (var n, 's') => TimeSpan.FromSeconds(n),
        (var n, 'm') => TimeSpan.FromMinutes(n),
        (var n, 'h') => TimeSpan.FromHours(n),
        _ => throw new FormatException($"'{text}' is no time (5s, 2m, 12h)"),
    };

    /// <summary>The texts that one with <c>A..B</c> in it stands for; itself when there is none.</summary>
    public static IEnumerable<string> Expand(string text)
    {
        if (Ranges().Match(text) is not { Success: true } range) return [text];
        var (first, last) = (Term(range.Groups[1].Value), Term(range.Groups[2].Value));
        if (last < first || last - first > 4096) throw new FormatException($"'{range.Value}' is no range");
        return Enumerable.Range((int)first, (int)(last - first) + 1).Select(n => string.Create(CultureInfo.InvariantCulture, $"{text[..range.Index]}{n}{text[(range.Index + range.Length)..]}"));
    }

    public static byte[] Hex(string text)
    {
        try
        {
            return Convert.FromHexString(text.Replace("_", "", StringComparison.Ordinal));
        }
        catch (FormatException)
        {
            throw new FormatException($"'{text}' are no bytes in hex");
        }
    }

    private static uint Term(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal)
            ? uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) ? hex : throw new FormatException($"'{text}' is no number")
            : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw new FormatException($"'{text}' is no number");

    [GeneratedRegex(@"([+-]?)(0x[0-9a-f]+|\d+)", RegexOptions.IgnoreCase)]
    private static partial Regex Terms();

    [GeneratedRegex(@"(?<![\d.:])(\d+)\.\.(\d+)")]
    private static partial Regex Ranges();
}
