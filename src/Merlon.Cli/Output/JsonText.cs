using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Merlon.Cli.Output;

/// <summary>JSON text of a tree.</summary>
internal static class JsonText
{
    public static string Of(JsonNode? node, bool indented)
    {
        var buffer = new ArrayBufferWriter<byte>();
        // Relaxed: this is no HTML. Control characters are escaped all the same.
        using (var writer = new Utf8JsonWriter(buffer, new() { Indented = indented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            if (node is null) writer.WriteNullValue();
            else node.WriteTo(writer);
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static string Quote(string text) => Of(JsonValue.Create(text), indented: false);
}
