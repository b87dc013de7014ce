using System.Globalization;
using System.Text.Json.Nodes;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.BadInput;

/// <summary>A pinned array map with one value, which a test makes look like another version's for a while.</summary>
public sealed class PinnedMap(string path)
{
    /// <summary>Runs <paramref name="meanwhile"/> with one little-endian word of the value replaced.</summary>
    public void WithWord(int offset, uint word, Action meanwhile)
    {
        var value = Read();
        var other = value.ToArray();
        BitConverter.TryWriteBytes(other.AsSpan(offset), word);
        Write(other);
        try
        {
            meanwhile();
        }
        finally
        {
            Write(value);
        }
    }

    /// <summary>Runs <paramref name="meanwhile"/> with the pin under another name.</summary>
    public void Away(Action meanwhile)
    {
        File.Move(path, path + "-away");
        try
        {
            meanwhile();
        }
        finally
        {
            File.Move(path + "-away", path);
        }
    }

    private byte[] Read() =>
        [.. JsonNode.Parse(Bpftool("-j", "map", "dump", "pinned", path))![0]!["value"]!.AsArray().Select(b => Convert.ToByte((string)b!, 16))];

    private void Write(byte[] value) => Bpftool(["map", "update", "pinned", path, "key", "hex", "00", "00", "00", "00", "value", "hex",
        .. value.Select(b => b.ToString("x2", CultureInfo.InvariantCulture))]);

    private static string Bpftool(params string[] args) => Shell.Run("bpftool", args).Ok();
}
