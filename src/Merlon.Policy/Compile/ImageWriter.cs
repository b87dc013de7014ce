using System.Runtime.InteropServices;

namespace Merlon.Policy.Compile;

/// <summary>Collects sections, remembers equal ones, so that equal content stands once, and joins them to the flat array at the end:
/// the one copy, since arrays of this size come dear.</summary>
internal sealed class ImageWriter
{
    private readonly ulong[] _header = new ulong[ImageLayout.HeaderWords];
    private readonly List<ulong[]> _parts = [];
    private readonly Dictionary<ulong[], int> _known = new(ContentComparer<ulong>.Instance);

    public ImageWriter() => _parts.Add(_header);

    public int Size { get; private set; } = ImageLayout.HeaderWords;

    /// <summary>A section named in the header, in one or several pieces.</summary>
    public void Section(int header, int count, params IEnumerable<ulong[]> content)
    {
        _header[header] = (uint)Size | (ulong)(uint)count << 32;
        foreach (var part in content) Append(part);
    }

    public void Header(int word, ulong value) => _header[word] = value;

    /// <summary>A table that records point to; the offset of an equal one if there is one.</summary>
    public int Table(ulong[] content)
    {
        if (_known.TryGetValue(content, out var offset)) return offset;
        _known.Add(content, offset = Append(content));
        return offset;
    }

    public ulong[] Finish()
    {
        Header(ImageLayout.WordMagic, ImageLayout.Magic | ImageLayout.AbiVersion << 32);
        Header(ImageLayout.WordSize, (ulong)Size);
        var words = GC.AllocateUninitializedArray<ulong>(Size);
        var at = 0;
        foreach (var part in _parts)
        {
            part.CopyTo(words, at);
            at += part.Length;
        }
        return words;
    }

    /// <summary>16-bit values, little end first, padded to words.</summary>
    public static ulong[] Pack(ReadOnlySpan<ushort> values)
    {
        var words = new ulong[(values.Length + 3) / 4];
        values.CopyTo(MemoryMarshal.Cast<ulong, ushort>(words.AsSpan()));
        return words;
    }

    /// <summary>An even number of 32-bit values, little end first.</summary>
    public static ulong[] Pack(uint[] values)
    {
        var words = new ulong[values.Length / 2];
        for (var i = 0; i < words.Length; i++) words[i] = values[2 * i] | (ulong)values[2 * i + 1] << 32;
        return words;
    }

    private int Append(ulong[] content)
    {
        var offset = Size;
        OverLimitException.Check((long)offset + content.Length, ImageLimits.Words, "words of the image", () => "address tables and rulesets of this host together");
        _parts.Add(content);
        Size += content.Length;
        return offset;
    }
}
