using System.Numerics;
using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>Writes the class of single addresses over those of an image, where the image has room for them.</summary>
internal sealed class AddressWords(ImageWords words)
{
    private readonly Dictionary<int, ulong> _written = [];

    public IReadOnlyDictionary<int, ulong> Written => _written;

    /// <param name="around">Class of the addresses beside it.</param>
    /// <returns>False = there is no room: the image must be compiled.</returns>
    public bool Put(int realm, Address address, uint number, uint around) =>
        address.Family == AddressFamily.IPv4 ? Put4(realm, (uint)address.Bits, number) : Put6(realm, address.Bits, number, around);

    private ulong this[int at] => _written.TryGetValue(at, out var word) ? word : words[at];

    private bool Put4(int realm, uint address, uint number)
    {
        var nodes = Section(ImageLayout.WordNode4).Offset;
        var (offset, index) = (Section(ImageLayout.WordRoot4).Offset, realm * 65536 + (int)(address >> 16));
        foreach (var next in (int[])[(int)(address >> 8 & 255), (int)(address & 255)])
        {
            var entry = Read32(offset, index);
            if ((entry & ImageLayout.NodeBit) == 0) return entry == number;
            (offset, index) = (nodes, (int)(entry & ~ImageLayout.NodeBit) * 256 + next);
        }
        Write32(offset, index, number);
        return true;
    }

    // An entry that is needless says what a shorter prefix would say: it stays.
    private bool Put6(int realm, UInt128 address, uint number, uint around)
    {
        var (offset, count) = Section(ImageLayout.WordHash6);
        var (high, low, meta) = ((ulong)(address >> 64), (ulong)address, 128UL | (ulong)(uint)realm << 8);
        var bucket = (uint)ImageLayout.Hash6(high, low, meta | this[ImageLayout.WordSeed6] << 32);
        for (var probe = 0u; probe < ImageLimits.V6Probes && HasLength128(); probe++)
        {
            var at = offset + (int)((bucket + probe) & (uint)(count - 1)) * ImageLayout.BucketWords;
            var free = this[at + 2] >> 32 == 0;
            if (free && number == around) return true;
            if (!free && (this[at + 2] != (meta | 1UL << 32) || this[at] != high || this[at + 1] != low)) continue;
            (_written[at], _written[at + 1], _written[at + 2], _written[at + 3]) = (high, low, meta | 1UL << 32, number);
            return true;
        }
        return number == around && !HasLength128();
    }

    // The longest stands first.
    private bool HasLength128()
    {
        var (offset, count) = Section(ImageLayout.WordLengths6);
        return count > 0 && (this[offset] & 0xffff) == 128;
    }

    private uint Read32(int offset, int index) => (uint)(this[offset + index / 2] >> (index % 2 * 32));

    private void Write32(int offset, int index, uint value)
    {
        var (at, shift) = (offset + index / 2, index % 2 * 32);
        _written[at] = (this[at] & BitOperations.RotateLeft(0xffffffff00000000, shift)) | (ulong)value << shift;
    }

    private (int Offset, int Count) Section(int header) => ((int)(uint)this[header], (int)(this[header] >> 32));
}
