using System.Text;

namespace Merlon.Policy.Text;

/// <summary>Pieces of YAML flow style: scalars quoted only where they must be, lists, mappings.</summary>
internal static class FlowText
{
    private const string Indicators = ",[]{}#&*!|>'\"%@`?";

    public static string Scalar(string text) => IsPlain(text) ? text : Quote(text);

    public static string List(IEnumerable<string> items) => $"[{string.Join(", ", items.Select(Scalar))}]";

    /// <summary>Fields in order; those with a null value are left out. Values are YAML already.</summary>
    public static string Map(params (string Name, string? Yaml)[] fields) =>
        $"{{{string.Join(", ", fields.Where(f => f.Yaml is not null).Select(f => $"{f.Name}: {f.Yaml}"))}}}";

    public static string Texts(IEnumerable<KeyValuePair<string, string>> pairs) =>
        Map([.. pairs.Select(p => (Scalar(p.Key), (string?)Text(p.Value)))]);

    /// <summary>A scalar that must stay text: words that YAML readers take for something else are quoted.</summary>
    public static string Text(string text) =>
        text is "true" or "false" or "null" or "~" or "yes" or "no" || double.TryParse(text, out _) ? Quote(text) : Scalar(text);

    private static bool IsPlain(string text) =>
        text.Length > 0 && text.All(c => c is > ' ' and < '\x7f' && !Indicators.Contains(c))
        && text[0] is not ('-' or ':') && text[^1] != ':' && text is not ("~" or "null");

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' or '\ufeff' or > '\ufffd') quoted.Append("\\u").Append(((int)c).ToString("x4"));
            else quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }
}
