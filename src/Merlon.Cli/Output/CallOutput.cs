using System.Text.Json;
using System.Text.Json.Nodes;
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
        call.Print(JsonSerializer.SerializeToNode(value, type));
    }

    /// <summary>Likewise one of many that come one after the other: JSON on one line, YAML as a document of its own.</summary>
    public static void PrintNext<T>(this Call call, T value, JsonTypeInfo<T> type, Action<T> people)
    {
        if (call.Format == OutputFormat.Table) people(value);
        else if (call.Format == OutputFormat.Json) call.Out.WriteLine(JsonText.Of(JsonSerializer.SerializeToNode(value, type), indented: false));
        else call.Out.Write("---\n" + YamlText.Of(JsonSerializer.SerializeToNode(value, type)));
        call.Out.Flush();
    }

    /// <summary>Writes a tree as JSON or YAML.</summary>
    public static void Print(this Call call, JsonNode? node)
    {
        if (call.Format == OutputFormat.Json) call.Out.WriteLine(JsonText.Of(node, indented: true));
        else call.Out.Write(YamlText.Of(node));
    }
}
