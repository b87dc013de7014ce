using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>Two images of one policy that say the same but for the numbers of their classes, word for word: every cell of every ruleset, for each
/// address that anything tells from its neighbours, and each vNIC's own record.</summary>
internal static class SameImage
{
    /// <param name="left">Addresses that were there before: what an image has of them is not to be met.</param>
    public static void Require(HostImage changed, HostImage scratch, HostPolicy policy, IEnumerable<Address> left)
    {
        Assert.Equal(scratch.Nics, changed.Nics);
        Assert.Equal(scratch.Rules, changed.Rules);
        Assert.Equal(scratch.Realms, changed.Realms);
        var (a, b) = (new ImageReader(changed.Words), new ImageReader(scratch.Words));
        foreach (var header in new uint[] { ImageLayout.WordPlanes, ImageLayout.WordChunks, ImageLayout.WordKinds, ImageLayout.WordCombos })
            Assert.Equal(Section(b, scratch.Words, header), Section(a, changed.Words, header));
        var (rulesets, services) = (a.Section(ImageLayout.WordRulesets).Count, a.Section(ImageLayout.WordClasses).Count);
        Assert.Equal(b.Section(ImageLayout.WordRulesets).Count, rulesets);
        Assert.Equal(b.Section(ImageLayout.WordClasses).Count, services);
        var same = new Dictionary<(uint, uint), bool>();
        for (var realm = 0; realm < changed.Realms.Length; realm++)
            foreach (var address in Edges(policy, left))
                Row(a.ClassOf(realm, address), b.ClassOf(realm, address), $"{changed.Realms[realm]} {address}");
        for (var record = 0; record < changed.Nics.Length; record++)
        {
            var (at, other) = (a.Nic(record), b.Nic(record));
            for (var i = 0u; i < ImageLayout.NicWords; i++) Assert.Equal(Unnumbered(b, other, i), Unnumbered(a, at, i));
            Row((uint)(a.Word(at) >> 32), (uint)(b.Word(other) >> 32), $"{changed.Nics[record].Key}");
            for (var i = 0u; i < a.Word(at + 2); i++) Row((uint)a.Word(at + 3 + 2 * i), (uint)b.Word(other + 3 + 2 * i), $"{changed.Nics[record].Key} {i}");
        }

        void Row(uint one, uint two, string what)
        {
            if (!same.TryAdd((one, two), true)) return;
            for (var ruleset = 0u; ruleset < rulesets; ruleset++)
                for (var service = 0u; service < services; service++)
                    if (a.Cell(ruleset, one, service) != b.Cell(ruleset, two, service)) Assert.Fail($"{what}: ruleset {ruleset}, service class {service}");
        }
    }

    // The class of the vNIC in the first word, those of its own addresses from the fourth on.
    private static ulong Unnumbered(ImageReader reader, uint at, uint i) =>
        i == 0 ? (uint)reader.Word(at) : i >= 3 && i < ImageLayout.NicUntracked && i % 2 == 1 ? 0 : reader.Word(at + i);

    private static ulong[] Section(ImageReader reader, ImageWords words, uint header)
    {
        var (offset, count) = reader.Section(header);
        var length = header switch { ImageLayout.WordKinds => count, ImageLayout.WordCombos => (count + 3) / 4, _ => count * 64 };
        return [count, .. words.AsSpan().Slice((int)offset, (int)length)];
    }

    /// <summary>First, last and those around them of every prefix and address that the policy names, and some of nobody.</summary>
    private static IEnumerable<Address> Edges(HostPolicy policy, IEnumerable<Address> left) => policy.Endpoints.SelectMany(e => e.Addresses).Concat(left).Select(Prefix.Of)
        .Concat(policy.Sets.SelectMany(s => s.Prefixes.Concat(s.Holes)))
        .SelectMany(p => Around(p.Network, p.Length)).Distinct();

    private static IEnumerable<Address> Around(Address network, int length)
    {
        var bits = network.Family == AddressFamily.IPv4 ? 32 : 128;
        var all = bits == 32 ? uint.MaxValue : UInt128.MaxValue;
        var last = network.Bits | (length == 0 ? all : all >> length);
        foreach (var value in new[] { network.Bits - 1, network.Bits, last, last + 1 })
            if (value <= all) yield return network with { Bits = value };
    }
}
