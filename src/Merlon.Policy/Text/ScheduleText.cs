using System.Globalization;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>Weekly times: <c>mon-fri 08:00-18:00</c>, <c>sat 22:00-06:00</c> (into Sunday), <c>sun 00:00-24:00</c>.</summary>
internal static class ScheduleText
{
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    public static WeeklySpan? Parse(string text)
    {
        if (text.Split(' ') is not [var days, var times] || times.Split('-') is not [var start, var end]) return null;
        if (days.Split('-') is not { Length: 1 or 2 } range) return null;
        var (first, last) = (Array.IndexOf(Days, range[0]), Array.IndexOf(Days, range[^1]));
        return first < 0 || last < 0 || Minute(start) is not { } from || Minute(end) is not { } to || from == 1440 || to == 0 || from == to
            ? null : new((DayOfWeek)first, (DayOfWeek)last, from, to);
    }

    public static string Format(WeeklySpan span) =>
        $"{Days[(int)span.First]}{(span.First == span.Last ? "" : $"-{Days[(int)span.Last]}")} {Time(span.Start)}-{Time(span.End)}";

    private static string Time(int minute) => string.Create(CultureInfo.InvariantCulture, $"{minute / 60:d2}:{minute % 60:d2}");

    private static int? Minute(string text) => text is [var h, var i, ':', var m, var n] && char.IsAsciiDigit(h) && char.IsAsciiDigit(i) && char.IsAsciiDigit(m) && char.IsAsciiDigit(n)
        && (h - '0') * 10 + i - '0' is var hour && (m - '0') * 10 + n - '0' is var minute && minute < 60 && hour * 60 + minute <= 1440 ? hour * 60 + minute : null;
}
