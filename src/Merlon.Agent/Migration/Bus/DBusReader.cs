using System.Buffers.Binary;
using System.Text;

namespace Merlon.Agent.Migration.Bus;

/// <summary>Reads values of the D-Bus wire format (D-Bus specification 0.38, "Marshaling"), little-endian. Every method throws <see cref="FormatException"/>
/// where the bytes are not what is asked for.</summary>
internal ref struct DBusReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int At { get; private set; }

    public readonly bool IsAtEnd => At >= _bytes.Length;

    public byte Byte() => Take(1)[0];

    public uint UInt32()
    {
        Align(4);
        return BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    }

    /// <summary>Types s and o.</summary>
    public string String() => Text(Length());

    /// <summary>Type g.</summary>
    public string Signature() => Text(Byte());

    /// <summary>Type ay.</summary>
    public byte[] Bytes() => Take(Length()).ToArray();

    public void Align(int to)
    {
        while (At % to != 0)
            if (Take(1)[0] != 0) throw new FormatException("D-Bus: padding that is not zero");
    }

    private int Length()
    {
        var length = UInt32();
        return length <= int.MaxValue ? (int)length : throw new FormatException("D-Bus: a length of more than 2 GiB");
    }

    private string Text(int length)
    {
        var text = Encoding.UTF8.GetString(Take(length));
        return Byte() == 0 ? text : throw new FormatException("D-Bus: a text without its end");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - At) throw new FormatException("D-Bus: the message ends too early");
        At += count;
        return _bytes.Slice(At - count, count);
    }
}
