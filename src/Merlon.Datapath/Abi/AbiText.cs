using System.Globalization;
using System.Text;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Abi;

/// <summary>The words people see for numbers of abi.h: kebab-case of the C name (REASON_SPOOFED_MAC is "spoofed-mac").</summary>
public static class AbiText
{
    public static string Text(this Reason value) => Kebab(value, "reason");

    public static string Text(this ConnState value) => Kebab(value, "state");

    public static string Text(this EventType value) => Kebab(value, "event");

    public static string Text(this Verdict value) => Kebab(value, "verdict");

    // A newer program may send a number this build has no name for: say the number rather than hide the event.
    private static string Kebab<T>(T value, string kind) where T : struct, Enum =>
        Enum.GetName(value) is { } name
            ? Split(name, '-').ToLowerInvariant()
            : string.Create(CultureInfo.InvariantCulture, $"{kind}-{value:D}");

    internal static string Split(string pascal, char separator)
    {
        var text = new StringBuilder(pascal.Length + 8);
        for (var i = 0; i < pascal.Length; i++)
        {
            if (i > 0 && (char.IsAsciiLetterUpper(pascal[i]) || char.IsAsciiDigit(pascal[i]) && !char.IsAsciiDigit(pascal[i - 1])))
                text.Append(separator);
            text.Append(pascal[i]);
        }
        return text.ToString();
    }
}
