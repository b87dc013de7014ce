using System.Text.Json;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>Types of a BPF object, as bpftool reads them from its BTF.</summary>
public sealed class Btf
{
    private readonly JsonElement[] _types;

    private Btf(JsonElement[] types) => _types = types;

    public sealed record Field(string Name, int Offset);

    public sealed record Layout(int Size, IReadOnlyList<Field> Fields);

    public static Btf Of(string path)
    {
        using var json = JsonDocument.Parse(KernelObject.Run("bpftool", "-j", "btf", "dump", "file", path));
        return new([.. json.RootElement.GetProperty("types").EnumerateArray().Select(t => t.Clone())]);
    }

    public Layout Struct(string name)
    {
        var found = Find("STRUCT", name);
        return new(found.GetProperty("size").GetInt32(), [.. found.GetProperty("members").EnumerateArray()
            .Select(m => new Field(m.GetProperty("name").GetString()!, m.GetProperty("bits_offset").GetInt32() / 8))]);
    }

    public IEnumerable<(string Name, long Value)> Enum(string name) =>
        Find("ENUM", name).GetProperty("values").EnumerateArray().Select(v => (v.GetProperty("name").GetString()!, v.GetProperty("val").GetInt64()));

    private JsonElement Find(string kind, string name) =>
        _types.First(t => t.GetProperty("kind").GetString() == kind && t.GetProperty("name").GetString() == name);
}
