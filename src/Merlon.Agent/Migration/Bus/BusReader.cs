using System.Buffers.Binary;
using System.Text;

namespace Merlon.Agent.Migration.Bus;

/// <summary>Reads D-Bus values, little-endian, from bytes of whoever is at the other end: throws <see cref="FormatException"/> for what is not there.
/// Offsets count from the first byte, which must lie at a multiple of eight of its message.</summary>
internal ref struct BusReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public readonly bool AtEnd => _at >= _bytes.Length;

    public void Align(int to) => Take((to - _at % to) % to);

    public byte Byte() => Take(1)[0];

    public uint U32()
    {
        Align(4);
        return BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    }

    /// <summary>Of type s or o.</summary>
    public string Text() => Terminated(U32());

    /// <summary>Of type g.</summary>
    public string Signature() => Terminated(Byte());

    /// <summary>Of type ay.</summary>
    public ReadOnlySpan<byte> Bytes() => Take(U32());

    private string Terminated(uint length)
    {
        var text = Encoding.UTF8.GetString(Take(length));
        return Take(1)[0] == 0 ? text : throw new FormatException("a text has no end");
    }

    private ReadOnlySpan<byte> Take(long length)
    {
        if (length > _bytes.Length - _at) throw new FormatException("a message is too short");
        _at += (int)length;
        return _bytes.Slice(_at - (int)length, (int)length);
    }
}
