using System.Globalization;

namespace Merlon.Policy.Text;

/// <summary>Instants: <c>2027-01-01</c> (00:00 UTC) or RFC 3339 with a zone, as Unix seconds.</summary>
public static class TimeText
{
    private static readonly string[] Forms = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK"];

    public static long? Parse(string text, out Problem? problem)
    {
        problem = null;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return new DateTimeOffset(day, default, default).ToUnixTimeSeconds();
        var zoned = text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-');
        if (zoned && DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant))
            return instant.ToUnixTimeSeconds();
        problem = new("bad-time", $"'{text}' is no instant", "expected 2027-01-01 or 2027-01-01T08:00:00Z");
        return null;
    }

    public static string Format(long unixSeconds)
    {
        var instant = DateTimeOffset.FromUnixTimeSeconds(unixSeconds);
        return instant.ToString(instant.TimeOfDay == default ? "yyyy-MM-dd" : "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }
}
