using System.Numerics;

namespace Merlon.Policy.Resolve;

/// <summary>A set of small numbers, compared by content.</summary>
internal sealed class BitSet(int count) : IEquatable<BitSet>
{
    private readonly ulong[] _words = new ulong[(count + 63) / 64];

    public bool this[int i] => (_words[i >> 6] >> (i & 63) & 1) != 0;

    public void Add(int i) => _words[i >> 6] |= 1UL << (i & 63);

    public void UnionWith(BitSet other)
    {
        for (var i = 0; i < _words.Length; i++) _words[i] |= other._words[i];
    }

    public void ExceptWith(BitSet other)
    {
        for (var i = 0; i < _words.Length; i++) _words[i] &= ~other._words[i];
    }

    /// <summary>Members from <paramref name="start"/> to before <paramref name="end"/>, ascending.</summary>
    public IEnumerable<int> Between(int start, int end)
    {
        for (var w = start >> 6; w < _words.Length && w << 6 < end; w++)
            for (var bits = _words[w]; bits != 0; bits &= bits - 1)
                if ((w << 6) + BitOperations.TrailingZeroCount(bits) is var i && i >= start && i < end) yield return i;
    }

    public bool Equals(BitSet? other) => other is not null && _words.AsSpan().SequenceEqual(other._words);

    public override bool Equals(object? obj) => Equals(obj as BitSet);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var word in _words) hash.Add(word);
        return hash.ToHashCode();
    }
}
