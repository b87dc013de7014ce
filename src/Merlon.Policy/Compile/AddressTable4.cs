using System.Runtime.InteropServices;

namespace Merlon.Policy.Compile;

/// <summary>IPv4 address → class, 16-8-8 direct index. Wider prefixes must be set before those inside them.</summary>
/// <param name="chunks">Chunks of all realms.</param>
internal sealed class AddressTable4(List<ulong[]> chunks)
{
    /// <summary>65,536 entries, two a word, little end first: as they stand in the image, since copies of so much cost.</summary>
    public ulong[] Words { get; } = new ulong[32768];

    private Span<uint> Root => MemoryMarshal.Cast<ulong, uint>(Words.AsSpan());

    public uint Get(uint address)
    {
        var entry = Root[(int)(address >> 16)];
        if ((entry & ImageLayout.NodeBit) != 0) entry = Chunk(entry)[(int)(address >> 8 & 255)];
        if ((entry & ImageLayout.NodeBit) != 0) entry = Chunk(entry)[(int)(address & 255)];
        return entry;
    }

    public void Set(uint network, int length, uint value)
    {
        if (length <= 16)
        {
            Root.Slice((int)(network >> 16), 1 << (16 - length)).Fill(value);
            return;
        }
        var middle = Divided(ref Root[(int)(network >> 16)]);
        if (length <= 24)
        {
            middle.Slice((int)(network >> 8 & 255), 1 << (24 - length)).Fill(value);
            return;
        }
        Divided(ref middle[(int)(network >> 8 & 255)]).Slice((int)(network & 255), 1 << (32 - length)).Fill(value);
    }

    /// <summary>Its 256 entries, as they stand in the image too.</summary>
    private Span<uint> Chunk(uint entry) => MemoryMarshal.Cast<ulong, uint>(chunks[(int)(entry & ~ImageLayout.NodeBit)].AsSpan());

    private Span<uint> Divided(ref uint entry)
    {
        if ((entry & ImageLayout.NodeBit) != 0) return Chunk(entry);
        OverLimitException.Check(chunks.Count + 1L, ImageLimits.Words / 128, "IPv4 chunks", () => "prefixes longer than /16 in too many places");
        var before = entry;
        entry = (uint)chunks.Count | ImageLayout.NodeBit;
        chunks.Add(new ulong[128]);
        Chunk(entry).Fill(before);
        return Chunk(entry);
    }
}
