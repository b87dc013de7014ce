using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>datapath/image.h and policy.h in C#: reads words, nothing else. Throws <see cref="ImageFaultException"/> where
/// the kernel finds that the image points outside itself.</summary>
internal readonly struct ImageReader(ImageWords words)
{
    public ulong Word(uint at) => at < words.Length ? words[(int)at] : throw Fault();

    public (uint Offset, uint Count) Section(uint at) => ((uint)Word(at), (uint)(Word(at) >> 32));

    /// <summary>First word of a nic record.</summary>
    public uint Nic(int record)
    {
        var (offset, count) = Section(ImageLayout.WordNics);
        return (uint)record < count ? offset + (uint)record * ImageLayout.NicWords : throw Fault();
    }

    public uint ClassOf(int realm, Address address) =>
        address.Family == AddressFamily.IPv4 ? Class4((uint)realm, (uint)address.Bits) : Class6((uint)realm, address.Bits);

    public uint ServiceClass(int kind, int destination, int source)
    {
        var (kinds, combos) = (Section(ImageLayout.WordKinds), Section(ImageLayout.WordCombos));
        var k = Word(kinds.Offset + (uint)kind);
        var d = Plane((uint)k & 0xff, destination);
        var s = Plane((uint)(k >> 8) & 0xff, source);
        var at = (uint)(k >> 32) + d * ((uint)(k >> 16) & 0xffff) + s;
        return at < combos.Count ? Read16(combos.Offset, at) : throw Fault();
    }

    public ulong Cell(uint ruleset, uint remote, uint service)
    {
        var (rulesets, classes) = (Section(ImageLayout.WordRulesets), Section(ImageLayout.WordClasses));
        if (ruleset >= rulesets.Count || remote >= classes.Offset || service >= classes.Count) throw Fault();
        var at = rulesets.Offset + ruleset * ImageLayout.RulesetWords;
        var (rowMap, columns) = Section(at);
        var (columnMap, rows) = Section(at + 1);
        var (row, column) = (Read16(rowMap, remote), Read16(columnMap, service));
        if (row >= rows || column >= columns) throw Fault();
        var cells = Word(at + 2);
        if (((uint)(cells >> 32) & ImageLayout.RulesetNarrow) == 0) return Word((uint)cells + row * columns + column);
        var half = Read32((uint)cells, row * columns + column);
        return half | (ulong)half << 32;
    }

    /// <summary>What the vNIC is to a TCP packet between these ports that needs no connection.</summary>
    public UntrackedRole Role(uint nic, int own, int other)
    {
        if (((uint)Word(nic) & ImageLayout.Untracked) == 0) return UntrackedRole.None;
        var plane = (uint)Word(nic + ImageLayout.NicUntracked);
        var (serves, asks) = (Value(plane, own) & (uint)UntrackedRole.Serves, Value(plane, other) & (uint)UntrackedRole.Asks);
        return serves != 0 && asks != 0 ? UntrackedRole.None : (UntrackedRole)(serves | asks);
    }

    private uint Class4(uint realm, uint address)
    {
        var (roots, nodes) = (Section(ImageLayout.WordRoot4), Section(ImageLayout.WordNode4));
        if (realm >= roots.Count) throw Fault();
        var entry = Read32(roots.Offset, realm * 65536 + (address >> 16));
        if ((entry & ImageLayout.NodeBit) != 0) entry = Read32(nodes.Offset, (entry & ~ImageLayout.NodeBit) * 256 + (address >> 8 & 255));
        if ((entry & ImageLayout.NodeBit) != 0) entry = Read32(nodes.Offset, (entry & ~ImageLayout.NodeBit) * 256 + (address & 255));
        return (entry & ImageLayout.NodeBit) == 0 ? entry : throw Fault();
    }

    private uint Class6(uint realm, UInt128 address)
    {
        var (lengths, table, seed) = (Section(ImageLayout.WordLengths6), Section(ImageLayout.WordHash6), Word(ImageLayout.WordSeed6));
        for (var i = 0u; i < lengths.Count && i < ImageLimits.V6Lengths; i++)
        {
            var length = Read16(lengths.Offset, i);
            var bits = Prefix.Mask(address, 128, (int)length);
            var (high, low, meta) = ((ulong)(bits >> 64), (ulong)bits, length | (ulong)realm << 8);
            var bucket = (uint)ImageLayout.Hash6(high, low, meta | seed << 32);
            for (var probe = 0u; probe < ImageLimits.V6Probes; probe++)
            {
                var at = table.Offset + ((bucket + probe) & (table.Count - 1)) * ImageLayout.BucketWords;
                if (Word(at + 2) >> 32 == 0) break;
                if (Word(at + 2) == (meta | 1UL << 32) && Word(at) == high && Word(at + 1) == low) return (uint)Word(at + 3);
            }
        }
        return 0;
    }

    private uint Plane(uint plane, int value) => plane == ImageLayout.NoPlane ? 0 : Value(plane, value);

    private uint Value(uint plane, int value)
    {
        var (planes, chunks) = (Section(ImageLayout.WordPlanes), Section(ImageLayout.WordChunks));
        if (plane >= planes.Count) throw Fault();
        var chunk = Read16(planes.Offset + plane * 64, (uint)value >> 8 & 255);
        return chunk < chunks.Count ? Read16(chunks.Offset + chunk * 64, (uint)value & 255) : throw Fault();
    }

    private uint Read16(uint offset, uint index) => (uint)(Word(offset + index / 4) >> (int)(index % 4 * 16)) & 0xffff;

    private uint Read32(uint offset, uint index) => (uint)(Word(offset + index / 2) >> (int)(index % 2 * 32));

    private static ImageFaultException Fault() => new();
}
