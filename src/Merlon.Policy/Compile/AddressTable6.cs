using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>IPv6 prefix and realm → class: one hash over all active lengths.</summary>
internal sealed class AddressTable6
{
    private readonly SortedDictionary<(int Realm, Prefix Prefix), uint> _entries = [];

    /// <summary>Longest first.</summary>
    public int[] Lengths => [.. _entries.Keys.Select(k => k.Prefix.Length).Distinct().OrderDescending()];

    public void Set(int realm, Prefix prefix, uint value) => _entries[(realm, prefix)] = value;

    /// <summary>4 words a bucket; as many buckets as keep every probe sequence within the kernel's bound.</summary>
    public ulong[] Buckets()
    {
        OverLimitException.Check(Lengths.Length, ImageLimits.V6Lengths, "IPv6 prefix lengths", () => "all cidrs and own addresses of this host's policy together");
        var count = 1;
        while (count < 2 * _entries.Count) count *= 2;
        for (var tries = 0; tries < 6; tries++, count *= 2)
            if (Fill(count) is { } table) return table;
        throw new OverLimitException($"IPv6 prefixes: {_entries.Count} collide beyond {ImageLimits.V6Probes} probes in every table tried");
    }

    private ulong[]? Fill(int count)
    {
        OverLimitException.Check((long)count * ImageLayout.BucketWords, ImageLimits.Words, "words of the IPv6 table", () => $"{_entries.Count} prefixes");
        var table = new ulong[count * ImageLayout.BucketWords];
        foreach (var ((realm, prefix), value) in _entries)
        {
            var (high, low) = ((ulong)(prefix.Network.Bits >> 64), (ulong)prefix.Network.Bits);
            var meta = (uint)prefix.Length | (ulong)(uint)realm << 8;
            var bucket = (int)(ImageLayout.Hash6(high, low, meta) & (ulong)(count - 1));
            var probe = 0;
            while (probe < ImageLimits.V6Probes && table[Slot(bucket + probe, count) + 2] != 0) probe++;
            if (probe == ImageLimits.V6Probes) return null;
            var at = Slot(bucket + probe, count);
            (table[at], table[at + 1], table[at + 2], table[at + 3]) = (high, low, meta | 1UL << 32, value);
        }
        return table;
    }

    private static int Slot(int bucket, int count) => (bucket & (count - 1)) * ImageLayout.BucketWords;
}
