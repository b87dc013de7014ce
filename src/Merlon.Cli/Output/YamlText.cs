using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Merlon.Cli.Output;

/// <summary>YAML of a JSON tree: block style, two spaces, strings quoted where plain ones would mean something else.</summary>
internal static class YamlText
{
    public static string Of(JsonNode? node)
    {
        var text = new StringBuilder();
        Write(text, node, 0, inline: false);
        return text.ToString();
    }

    private static void Write(StringBuilder text, JsonNode? node, int indent, bool inline)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } o: WriteObject(text, o, indent, inline); break;
            case JsonArray { Count: > 0 } a: WriteArray(text, a, indent, inline); break;
            default: text.Append(Scalar(node)).Append('\n'); break;
        }
    }

    private static void WriteObject(StringBuilder text, JsonObject o, int indent, bool inline)
    {
        foreach (var (key, value) in o)
        {
            if (!inline) text.Append(' ', indent);
            inline = false;
            text.Append(Quote(key)).Append(':');
            WriteValue(text, value, indent);
        }
    }

    private static void WriteValue(StringBuilder text, JsonNode? value, int indent)
    {
        if (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            text.Append('\n');
            Write(text, value, indent + (value is JsonObject ? 2 : 0), inline: false);
            return;
        }
        text.Append(' ');
        Write(text, value, 0, inline: true);
    }

    private static void WriteArray(StringBuilder text, JsonArray a, int indent, bool inline)
    {
        foreach (var item in a)
        {
            if (!inline) text.Append(' ', indent);
            inline = false;
            text.Append("- ");
            Write(text, item, indent + 2, inline: true);
        }
    }

    private static string Scalar(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        JsonValue v when v.GetValueKind() == JsonValueKind.String => Quote(v.GetValue<string>()),
        _ => node.ToJsonString(),
    };

    private static string Quote(string s) => IsPlain(s) ? s : JsonText.Quote(s);

    private static bool IsPlain(string s)
    {
        if (s.Length == 0 || !(char.IsAsciiLetter(s[0]) || s[0] == '_' || s[0] == '/') || s[^1] is ' ' or ':') return false;
        if (s.Any(c => !(char.IsAsciiLetterOrDigit(c) || "_-./@+% ,:".Contains(c, StringComparison.Ordinal)))) return false;
        return !s.Contains(": ", StringComparison.Ordinal) && !IsWord(s);
    }

    private static bool IsWord(string s) =>
        s.ToLower(CultureInfo.InvariantCulture) is "true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n";
}
