using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Merlon.Policy.Compile;

/// <summary>The words of an image: as they were compiled, and what changes of members have written over them since.</summary>
public sealed class ImageWords
{
    private readonly ImmutableArray<ulong> _compiled;
    private readonly ImmutableSortedDictionary<int, ulong> _over;
    private readonly Lazy<string> _digest;

    /// <summary>What this was made from by <see cref="_written"/>; its mark alone, since it is not to be kept.</summary>
    private readonly object? _from;
    private readonly IReadOnlyDictionary<int, ulong> _written = ImmutableDictionary<int, ulong>.Empty;
    private readonly object _mark = new();

    public ImageWords(ImmutableArray<ulong> compiled) : this(compiled, ImmutableSortedDictionary<int, ulong>.Empty) { }

    private ImageWords(ImmutableArray<ulong> compiled, ImmutableSortedDictionary<int, ulong> over) => (_compiled, _over, _digest) = (compiled, over, new(Hashed));

    private ImageWords(ImageWords before, IReadOnlyDictionary<int, ulong> written) : this(before._compiled, before._over.SetItems(written)) =>
        (_from, _written) = (before._mark, written);

    public int Length => _compiled.Length;

    /// <summary>How many words are not as compiled.</summary>
    public int Over => _over.Count;

    /// <summary>SHA-256 over the words, lower-case hex.</summary>
    public string Digest => _digest.Value;

    public ulong this[int at] => _over.TryGetValue(at, out var word) ? word : _compiled[at];

    /// <summary>A copy, where changes have written over them.</summary>
    public ReadOnlySpan<ulong> AsSpan()
    {
        if (_over.IsEmpty) return _compiled.AsSpan();
        var words = _compiled.AsSpan().ToArray();
        foreach (var (at, word) in _over) words[at] = word;
        return words;
    }

    public ulong[] ToArray() => AsSpan().ToArray();

    /// <summary>These words with some of them written anew; the same object where that changes none.</summary>
    public ImageWords With(IReadOnlyDictionary<int, ulong> words)
    {
        var written = words.Where(w => this[w.Key] != w.Value).ToDictionary();
        return written.Count == 0 ? this : new(this, written);
    }

    /// <summary>What makes these words of those before; null = they are of another compilation.</summary>
    public IReadOnlyDictionary<int, ulong>? ChangesSince(ImageWords before)
    {
        if (_from == before._mark) return _written;
        if (_compiled != before._compiled) return null;
        var changes = new Dictionary<int, ulong>();
        if (this == before) return changes;
        foreach (var at in _over.Keys.Concat(before._over.Keys))
            if (this[at] != before[at]) changes[at] = this[at];
        return changes;
    }

    // Where they lie: a copy would stay as long as the image.
    private string Hashed()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var from = 0;
        foreach (var (at, word) in _over)
        {
            hash.AppendData(MemoryMarshal.AsBytes(_compiled.AsSpan()[from..at]));
            hash.AppendData(MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in word)));
            from = at + 1;
        }
        hash.AppendData(MemoryMarshal.AsBytes(_compiled.AsSpan()[from..]));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
