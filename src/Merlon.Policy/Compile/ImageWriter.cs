namespace Merlon.Policy.Compile;

/// <summary>Appends sections to the flat array and remembers equal ones, so that equal content stands once.</summary>
internal sealed class ImageWriter
{
    private readonly List<ulong> _words = [.. new ulong[ImageLayout.HeaderWords]];
    private readonly Dictionary<ulong[], int> _known = new(ContentComparer<ulong>.Instance);

    public int Size => _words.Count;

    /// <summary>A section named in the header.</summary>
    public void Section(int header, ReadOnlySpan<ulong> content, int count) =>
        _words[header] = (uint)Append(content) | (ulong)(uint)count << 32;

    public void Header(int word, ulong value) => _words[word] = value;

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
        Header(ImageLayout.WordSize, (ulong)_words.Count);
        return [.. _words];
    }

    /// <summary>16-bit values, little end first, padded to words.</summary>
    public static ulong[] Pack(IReadOnlyList<ushort> values)
    {
        var words = new ulong[(values.Count + 3) / 4];
        for (var i = 0; i < values.Count; i++) words[i / 4] |= (ulong)values[i] << i % 4 * 16;
        return words;
    }

    /// <summary>Tables of an even number of 32-bit values, one behind the other, little end first.</summary>
    public static ulong[] Join(IEnumerable<uint[]> tables)
    {
        var all = tables.ToArray();
        var words = new ulong[all.Sum(t => t.Length) / 2];
        var at = 0;
        foreach (var table in all)
            for (var i = 0; i < table.Length; i += 2) words[at++] = table[i] | (ulong)table[i + 1] << 32;
        return words;
    }

    private int Append(ReadOnlySpan<ulong> content)
    {
        var offset = _words.Count;
        OverLimitException.Check((long)offset + content.Length, ImageLimits.Words, "words of the image", () => "address tables and rulesets of this host together");
        _words.AddRange(content);
        return offset;
    }
}
