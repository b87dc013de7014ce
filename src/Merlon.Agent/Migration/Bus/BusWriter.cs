using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Merlon.Agent.Migration.Bus;

/// <summary>Writes D-Bus values, little-endian; the first byte lies at a multiple of eight of its message.</summary>
internal sealed class BusWriter
{
    private readonly List<byte> _to = [];

    public byte[] Written => [.. _to];

    public BusWriter Align(int to)
    {
        while (_to.Count % to != 0) _to.Add(0);
        return this;
    }

    public BusWriter Byte(byte value)
    {
        _to.Add(value);
        return this;
    }

    public BusWriter U32(uint value)
    {
        Align(4);
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Raw(bytes);
    }

    public BusWriter Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return U32((uint)bytes.Length).Raw(bytes).Byte(0);
    }

    public BusWriter Signature(string signature) => Byte((byte)signature.Length).Raw(Encoding.ASCII.GetBytes(signature)).Byte(0);

    public BusWriter Bytes(ReadOnlySpan<byte> bytes) => U32((uint)bytes.Length).Raw(bytes);

    /// <summary>An array whose elements begin at multiples of <paramref name="alignment"/>.</summary>
    public BusWriter Array(int alignment, Action<BusWriter> elements)
    {
        var length = U32(0)._to.Count - 4;
        var start = Align(alignment)._to.Count;
        elements(this);
        BinaryPrimitives.WriteUInt32LittleEndian(CollectionsMarshal.AsSpan(_to)[length..], (uint)(_to.Count - start));
        return this;
    }

    public BusWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _to.AddRange(bytes);
        return this;
    }
}
