using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Merlon.Agent.Migration.Bus;

/// <summary>Writes values of the D-Bus wire format, little-endian.</summary>
internal sealed class DBusWriter
{
    private readonly List<byte> _bytes = [];

    public byte[] ToArray() => [.. _bytes];

    public DBusWriter Byte(byte value)
    {
        _bytes.Add(value);
        return this;
    }

    public DBusWriter UInt32(uint value)
    {
        Align(4);
        _bytes.AddRange([0, 0, 0, 0]);
        return UInt32At(_bytes.Count - 4, value);
    }

    /// <summary>Types s and o.</summary>
    public DBusWriter String(string text) => Bytes(Encoding.UTF8.GetBytes(text)).Byte(0);

    /// <summary>Type g.</summary>
    public DBusWriter Signature(string text)
    {
        Byte((byte)text.Length);
        _bytes.AddRange(Encoding.ASCII.GetBytes(text));
        return Byte(0);
    }

    /// <summary>Type ay.</summary>
    public DBusWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        UInt32((uint)bytes.Length);
        _bytes.AddRange(bytes);
        return this;
    }

    /// <summary>Type v of a text.</summary>
    public DBusWriter Variant(string text) => Signature("s").String(text);

    /// <summary>An array: its length is that of its elements, without the padding before the first.</summary>
    /// <param name="alignment">Of an element.</param>
    public DBusWriter Array(int alignment, Action<DBusWriter> elements)
    {
        UInt32(0);
        var lengthAt = _bytes.Count - 4;
        Align(alignment);
        var start = _bytes.Count;
        elements(this);
        return UInt32At(lengthAt, (uint)(_bytes.Count - start));
    }

    public DBusWriter Align(int to)
    {
        while (_bytes.Count % to != 0) _bytes.Add(0);
        return this;
    }

    private DBusWriter UInt32At(int at, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(CollectionsMarshal.AsSpan(_bytes)[at..], value);
        return this;
    }
}
