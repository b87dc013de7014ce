using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>IPv6 prefix and realm → class: one hash over all active lengths.</summary>
internal sealed class AddressTable6
{
    // Guests choose addresses: those that collide under one seed do not under the next.
    private const uint Seeds = 8;

    private readonly SortedDictionary<(int Realm, Prefix Prefix), uint> _entries = [];

    /// <summary>Longest first.</summary>
    public int[] Lengths => [.. _entries.Keys.Select(k => k.Prefix.Length).Distinct().OrderDescending()];

    public void Set(int realm, Prefix prefix, uint value) => _entries[(realm, prefix)] = value;

    /// <summary>4 words a bucket, and the seed of the hash that keeps every probe sequence within the kernel's bound.</summary>
    public (ulong[] Buckets, uint Seed) Buckets()
    {
        OverLimitException.Check(Lengths.Length, ImageLimits.V6Lengths, "IPv6 prefix lengths", () => "all cidrs and own addresses of this host's policy together");
        var count = 1;
        while (count < 2 * _entries.Count) count *= 2;
        for (var tries = 0; tries < 6; tries++, count *= 2)
            for (var seed = 0u; seed < Seeds; seed++)
                if (Fill(count, seed) is { } table) return (table, seed);
        throw new OverLimitException($"IPv6 prefixes: {_entries.Count} collide beyond {ImageLimits.V6Probes} probes in every table tried");
    }

    private ulong[]? Fill(int count, uint seed)
    {
        OverLimitException.Check((long)count * ImageLayout.BucketWords, ImageLimits.Words, "words of the IPv6 table", () => $"{_entries.Count} prefixes");
        var table = new ulong[count * ImageLayout.BucketWords];
        foreach (var ((realm, prefix), value) in _entries)
        {
            var (high, low) = ((ulong)(prefix.Network.Bits >> 64), (ulong)prefix.Network.Bits);
            var meta = (uint)prefix.Length | (ulong)(uint)realm << 8;
            var bucket = (int)(ImageLayout.Hash6(high, low, meta | (ulong)seed << 32) & (ulong)(count - 1));
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
