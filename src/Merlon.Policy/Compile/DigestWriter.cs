using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>Collects content for a digest so that two contents never read alike: each text stands behind its length.</summary>
internal sealed class DigestWriter
{
    private byte[] _bytes = new byte[4096];
    private int _length;

    public DigestWriter Add(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Room(sizeof(int)), value);
        return this;
    }

    public DigestWriter Add(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        Add(bytes);
        Encoding.UTF8.GetBytes(text, Room(bytes));
        return this;
    }

    public DigestWriter Add(Address address)
    {
        Add((int)address.Family);
        BinaryPrimitives.WriteUInt128LittleEndian(Room(16), address.Bits);
        return this;
    }

    /// <summary>A digest made before.</summary>
    public DigestWriter Add(byte[] digest)
    {
        digest.CopyTo(Room(digest.Length));
        return this;
    }

    /// <summary>SHA-256 of what was added; the writer is empty again.</summary>
    public byte[] Finish()
    {
        var digest = SHA256.HashData(_bytes.AsSpan(0, _length));
        _length = 0;
        return digest;
    }

    private Span<byte> Room(int bytes)
    {
        if (_length + bytes > _bytes.Length) Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _length + bytes));
        _length += bytes;
        return _bytes.AsSpan(_length - bytes, bytes);
    }
}
