using System.Runtime.InteropServices;

namespace Merlon.Policy.Compile;

/// <summary>Class to row or column: 16 bits each, little end first, padded to words.</summary>
internal sealed class ClassMap : IImageTable
{
    private readonly ulong[] _words;

    /// <param name="blockOf">By class.</param>
    public ClassMap(ReadOnlySpan<int> blockOf, ReadOnlySpan<int> numberOfBlock)
    {
        _words = new ulong[(blockOf.Length + 3) / 4];
        var numbers = MemoryMarshal.Cast<ulong, ushort>(_words.AsSpan());
        for (var i = 0; i < blockOf.Length; i++) numbers[i] = (ushort)numberOfBlock[blockOf[i]];
    }

    public int this[int number] => (int)(_words[number / 4] >> (number % 4 * 16)) & 0xffff;

    public int Words => _words.Length;

    public void Hash(ref HashCode hash) => hash.AddBytes(MemoryMarshal.AsBytes(_words.AsSpan()));

    public void Write(Span<ulong> words) => _words.CopyTo(words);
}
