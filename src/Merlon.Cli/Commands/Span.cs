using System.Globalization;

namespace Merlon.Cli.Commands;

/// <summary>Spans of time as people write them: 30s, 5m, 2h, 1d.</summary>
internal static class Span
{
    /// <summary>Null = it is none.</summary>
    public static TimeSpan? Parse(string text)
    {
        var unit = text.Length < 2 ? TimeSpan.Zero : text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => TimeSpan.Zero,
        };
        return unit > TimeSpan.Zero && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n <= 100_000 ? unit * n : null;
    }

    /// <summary>Whole seconds of a span that is there, at most <paramref name="most"/>.</summary>
    public static int Seconds(string text, int most) => Parse(text) is { } span && span > TimeSpan.Zero && span.TotalSeconds <= most ? (int)span.TotalSeconds
        : throw new CliException($"'{text}' is no span of time up to {most / 3600}h", "for example 30s, 5m, 2h");
}
