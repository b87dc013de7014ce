using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Merlon.Cli.Output;

/// <summary>Data to stdout, in the form that was asked for.</summary>
internal static class CallOutput
{
    /// <summary>Writes <paramref name="value"/> as JSON or YAML, or what <paramref name="people"/> makes of it.</summary>
    public static void Print<T>(this Call call, T value, JsonTypeInfo<T> type, Action<T> people)
    {
        if (call.Format == OutputFormat.Table)
        {
            people(value);
            return;
        }
        var node = JsonSerializer.SerializeToNode(value, type);
        if (call.Format == OutputFormat.Json) call.Out.WriteLine(JsonText.Of(node, indented: true));
        else call.Out.Write(YamlText.Of(node));
    }
}
