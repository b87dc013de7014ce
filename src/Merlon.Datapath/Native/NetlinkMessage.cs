using System.Buffers.Binary;
using System.Text;

namespace Merlon.Datapath.Native;

/// <summary>One netlink request being written: header, fixed part, attributes, each aligned to four bytes.</summary>
internal sealed class NetlinkMessage
{
    public const ushort Request = 1, Acknowledge = 4, Dump = 0x300;
    private readonly byte[] _bytes = new byte[1024];
    private int _length = 16;

    public NetlinkMessage(ushort type, ushort flags, ReadOnlySpan<byte> fixedPart)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(6), (ushort)(flags | Request));
        fixedPart.CopyTo(_bytes.AsSpan(_length));
        _length += Align(fixedPart.Length);
    }

    public NetlinkMessage Add(ushort attribute, uint value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(four, value);
        return Add(attribute, four);
    }

    public NetlinkMessage Add(ushort attribute, ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(_length), (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(_length + 2), attribute);
        value.CopyTo(_bytes.AsSpan(_length + 4));
        _length += Align(4 + value.Length);
        return this;
    }

    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_bytes, _length);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(8), sequence);
        return _bytes.AsSpan(0, _length);
    }

    public static int Align(int length) => (length + 3) & ~3;

    /// <summary>An attribute of a message's rest behind its fixed part, or of another attribute; empty = not there. Of several the last. The
    /// nested and byte-order bits of the type are dropped. It copies nothing: a host has hundreds of interfaces, and each some sixty attributes.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> bytes, int type)
    {
        ReadOnlySpan<byte> found = [];
        while (bytes.Length >= 4)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            if (length < 4 || length > bytes.Length) break;
            if ((BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]) & 0x3fff) == type) found = bytes[4..length];
            bytes = bytes[Math.Min(Align(length), bytes.Length)..];
        }
        return found;
    }

    public static string Text(ReadOnlySpan<byte> zeroTerminated) => Encoding.UTF8.GetString(zeroTerminated.TrimEnd((byte)0));
}
