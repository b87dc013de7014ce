namespace Merlon.Policy.Resolve;

/// <summary>A set of atoms while it is put together; <see cref="Freeze"/> ends that.</summary>
internal sealed class BitSet(int count)
{
    private readonly ulong[] _words = new ulong[(count + 63) / 64];

    public void Add(int i) => _words[i >> 6] |= 1UL << (i & 63);

    public void AddAll() => Array.Fill(_words, ulong.MaxValue, 0, _words.Length);

    public void UnionWith(AtomSet other)
    {
        foreach (var i in other.Between(0, count)) Add(i);
    }

    public void ExceptWith(AtomSet other)
    {
        foreach (var i in other.Between(0, count)) _words[i >> 6] &= ~(1UL << (i & 63));
    }

    public AtomSet Freeze() => AtomSet.Of(_words, count);
}
