using System.Runtime.InteropServices;

namespace Merlon.Policy.Compile;

/// <summary>Collects sections, remembers equal tables, so that equal content stands once, and writes all to the flat array at the end.</summary>
internal sealed class ImageWriter
{
    private readonly ulong[] _header = new ulong[ImageLayout.HeaderWords];
    private readonly List<(int At, ulong[] Content)> _sections = [];
    private readonly Dictionary<IImageTable, int> _tables = new(new SameWords());

    public int Size { get; private set; } = ImageLayout.HeaderWords;

    /// <summary>A section named in the header, in one or several pieces.</summary>
    public void Section(int header, int count, params IEnumerable<ulong[]> content)
    {
        _header[header] = (uint)Size | (ulong)(uint)count << 32;
        foreach (var part in content) _sections.Add((Take(part.Length), part));
    }

    public void Header(int word, ulong value) => _header[word] = value;

    /// <summary>A table that records point to; the offset of an equal one if there is one.</summary>
    public int Table(IImageTable table)
    {
        ref var offset = ref CollectionsMarshal.GetValueRefOrAddDefault(_tables, table, out var known);
        if (!known) offset = Take(table.Words);
        return offset;
    }

    public ulong[] Finish()
    {
        Header(ImageLayout.WordMagic, ImageLayout.Magic | ImageLayout.AbiVersion << 32);
        Header(ImageLayout.WordSize, (ulong)Size);
        var words = GC.AllocateUninitializedArray<ulong>(Size);
        _header.CopyTo(words, 0);
        foreach (var (at, content) in _sections) content.CopyTo(words, at);
        foreach (var (table, at) in _tables) table.Write(words.AsSpan(at, table.Words));
        return words;
    }

    /// <summary>16-bit values, little end first, padded to words.</summary>
    public static ulong[] Pack(ReadOnlySpan<ushort> values)
    {
        var words = new ulong[(values.Length + 3) / 4];
        values.CopyTo(MemoryMarshal.Cast<ulong, ushort>(words.AsSpan()));
        return words;
    }

    private int Take(int words)
    {
        var offset = Size;
        OverLimitException.Check((long)offset + words, ImageLimits.Words, "words of the image", () => "address tables and rulesets of this host together");
        Size += words;
        return offset;
    }

    private sealed class SameWords : IEqualityComparer<IImageTable>
    {
        public bool Equals(IImageTable? x, IImageTable? y) => x is not null && y is not null && x.Words == y.Words && Words(x).AsSpan().SequenceEqual(Words(y));

        public int GetHashCode(IImageTable table)
        {
            var hash = new HashCode();
            table.Hash(ref hash);
            return hash.ToHashCode();
        }

        private static ulong[] Words(IImageTable table)
        {
            var words = new ulong[table.Words];
            table.Write(words);
            return words;
        }
    }
}
