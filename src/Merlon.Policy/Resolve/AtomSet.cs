using System.Numerics;
using System.Runtime.InteropServices;

namespace Merlon.Policy.Resolve;

/// <summary>A frozen set of atoms, compared by content: a list while it is small (a hundred thousand prefixes must not cost as many
/// bit maps), else a bit map. Which of the two follows from the content alone.</summary>
internal sealed class AtomSet : IEquatable<AtomSet>
{
    private readonly int[]? _list;
    private readonly ulong[] _bits = [];
    private readonly int _hash;

    private AtomSet(int[] list) => (_list, _hash) = (list, Hash(MemoryMarshal.AsBytes(list.AsSpan())));

    private AtomSet(ulong[] bits) => (_bits, _hash) = (bits, Hash(MemoryMarshal.AsBytes(bits.AsSpan())));

    /// <param name="members">Ascending, distinct, all below <paramref name="count"/>.</param>
    public static AtomSet Of(IReadOnlyCollection<int> members, int count)
    {
        if (IsSmall(members.Count, count)) return new([.. members]);
        var bits = new ulong[(count + 63) / 64];
        foreach (var i in members) bits[i >> 6] |= 1UL << (i & 63);
        return new(bits);
    }

    /// <param name="bits">Copied; those from <paramref name="count"/> on do not count.</param>
    public static AtomSet Of(ulong[] bits, int count)
    {
        var own = bits.ToArray();
        if ((count & 63) != 0) own[^1] &= (1UL << (count & 63)) - 1;
        var members = own.Sum(BitOperations.PopCount);
        var dense = new AtomSet(own);
        return IsSmall(members, count) ? new([.. dense.Between(0, count)]) : dense;
    }

    public bool this[int i] => _list is not null ? Array.BinarySearch(_list, i) >= 0 : (_bits[i >> 6] >> (i & 63) & 1) != 0;

    /// <summary>Members from <paramref name="start"/> to before <paramref name="end"/>, ascending.</summary>
    public IEnumerable<int> Between(int start, int end) => _list is not null ? OfList(_list, start, end) : OfBits(start, end);

    public bool Equals(AtomSet? other) => other is not null && _hash == other._hash && (_list is null) == (other._list is null)
        && _list.AsSpan().SequenceEqual(other._list) && _bits.AsSpan().SequenceEqual(other._bits);

    public override bool Equals(object? obj) => Equals(obj as AtomSet);

    public override int GetHashCode() => _hash;

    private static bool IsSmall(int members, int count) => members <= count / 32;

    private static IEnumerable<int> OfList(int[] list, int start, int end)
    {
        var at = Array.BinarySearch(list, start);
        for (at = at < 0 ? ~at : at; at < list.Length && list[at] < end; at++) yield return list[at];
    }

    private IEnumerable<int> OfBits(int start, int end)
    {
        for (var w = start >> 6; w < _bits.Length && w << 6 < end; w++)
            for (var bits = _bits[w]; bits != 0; bits &= bits - 1)
                if ((w << 6) + BitOperations.TrailingZeroCount(bits) is var i && i >= start && i < end) yield return i;
    }

    private static int Hash(ReadOnlySpan<byte> content)
    {
        var hash = new HashCode();
        hash.AddBytes(content);
        return hash.ToHashCode();
    }
}
