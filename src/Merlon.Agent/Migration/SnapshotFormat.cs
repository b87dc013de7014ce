using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;
using Merlon.Contracts.Wire;

namespace Merlon.Agent.Migration;

/// <summary>ConnectionSnapshot ↔ bytes of QEMU's migration stream (docs/migration.md). Whoever holds a saved file, or the network between two hosts, wrote
/// those bytes: everything is bounded before memory is spent on it, and one wrong byte means no connection at all.</summary>
/// <remarks>Little-endian: "MRLC", version (u8), columns (u8), VM UUID (16), saved at (i64, Unix milliseconds), left behind (u32), blocks (u32), then
/// each block: rows (u32), packed bytes (u32), Brotli of [names: count (u16), each length (u8) and UTF-8] [table of numbers by column].</remarks>
internal static class SnapshotFormat
{
    public const byte Version = 1;

    /// <summary>QEMU takes 1 MiB of all that dbus-vmstate carries; the rest is for its own framing.</summary>
    public const int MostBytes = (1 << 20) - 4096;

    public const int RowsOfBlock = 2048, MostBlocks = 64;

    private const int HeadBytes = 38, BlockHeadBytes = 8, MostUnpackedOfBlock = 2 << 20;
    private const int Quality = 5, Window = 22;

    private static ReadOnlySpan<byte> Magic => "MRLC"u8;

    /// <summary>Takes along as many as there is room for, in <see cref="BoardingOrder"/>, and counts the others.</summary>
    public static byte[] Pack(ConnectionSnapshot snapshot, int mostBytes = MostBytes)
    {
        var all = BoardingOrder.Of(snapshot.Connections).ToList();
        var blocks = new List<(int Rows, byte[] Bytes)>();
        var (taken, size) = (0, HeadBytes);
        foreach (var rows in all.Chunk(RowsOfBlock).Take(MostBlocks))
        {
            var bytes = Block(rows);
            if (size + BlockHeadBytes + bytes.Length > mostBytes) break;
            blocks.Add((rows.Length, bytes));
            (taken, size) = (taken + rows.Length, size + BlockHeadBytes + bytes.Length);
        }
        var packed = new byte[size];
        Head(packed, snapshot, snapshot.LeftBehind + all.Count - taken, blocks.Count);
        var at = HeadBytes;
        foreach (var (rows, bytes) in blocks)
        {
            BinaryPrimitives.WriteInt32LittleEndian(packed.AsSpan(at), rows);
            BinaryPrimitives.WriteInt32LittleEndian(packed.AsSpan(at + 4), bytes.Length);
            bytes.CopyTo(packed, at + BlockHeadBytes);
            at += BlockHeadBytes + bytes.Length;
        }
        return packed;
    }

    /// <summary>Throws <see cref="ContractException"/>.</summary>
    public static ConnectionSnapshot Unpack(ReadOnlySpan<byte> packed)
    {
        Expect.That(packed.Length is >= HeadBytes and <= MostBytes, "connections", $"are {packed.Length} bytes");
        Expect.That(packed[..4].SequenceEqual(Magic), "connections", "are none");
        Expect.That(packed[4] == Version, "connections", $"are of version {packed[4]}, this is {Version}");
        int columns = packed[5];
        Expect.That(columns >= ConnectionColumns.Count, "connections", $"have {columns} columns");
        var savedAt = BinaryPrimitives.ReadInt64LittleEndian(packed[22..]);
        Expect.That(savedAt is >= 0 and <= 253_402_300_799_999, "saved at", "is no time");
        var left = BinaryPrimitives.ReadInt32LittleEndian(packed[30..]);
        Expect.That(left >= 0, "left behind", "is negative");
        var blocks = BinaryPrimitives.ReadInt32LittleEndian(packed[34..]);
        Expect.That(blocks is >= 0 and <= MostBlocks, "blocks", $"{blocks} of them");
        var connections = ImmutableArray.CreateBuilder<TravellingConnection>();
        var rest = packed[HeadBytes..];
        for (; blocks > 0; blocks--) rest = Block(rest, columns, connections);
        Expect.That(rest.IsEmpty, "connections", "have bytes behind the last block");
        Expect.That(connections.DistinctBy(c => c.Tuple).Count() == connections.Count, "connections", "one of them twice");
        return new(new Guid(packed[6..22], bigEndian: true).ToString("D"), DateTimeOffset.FromUnixTimeMilliseconds(savedAt), connections.ToImmutable(), left);
    }

    private static void Head(Span<byte> packed, ConnectionSnapshot snapshot, int left, int blocks)
    {
        Magic.CopyTo(packed);
        (packed[4], packed[5]) = (Version, ConnectionColumns.Count);
        Guid.ParseExact(snapshot.VmUuid, "D").TryWriteBytes(packed[6..22], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(packed[22..], snapshot.SavedAt.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt32LittleEndian(packed[30..], left);
        BinaryPrimitives.WriteInt32LittleEndian(packed[34..], blocks);
    }

    private static byte[] Block(IReadOnlyList<TravellingConnection> connections)
    {
        var names = connections.Select(c => c.Rule).Distinct().Order(StringComparer.Ordinal).ToList();
        var numbers = names.Select((n, i) => (n, i)).ToDictionary(n => n.n, n => n.i);
        using var plain = new MemoryStream();
        plain.Write([(byte)names.Count, (byte)(names.Count >> 8)]);
        foreach (var name in names)
        {
            var text = Encoding.UTF8.GetBytes(name);
            if (text.Length > byte.MaxValue) text = []; // it names a rule to people only
            plain.WriteByte((byte)text.Length);
            plain.Write(text);
        }
        plain.Write(NumberTable.Write([.. connections.Select(c => ConnectionColumns.Row(c, numbers[c.Rule]))], ConnectionColumns.Count));
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength((int)plain.Length)];
        if (!BrotliEncoder.TryCompress(plain.GetBuffer().AsSpan(0, (int)plain.Length), packed, out var length, Quality, Window)) throw new InvalidOperationException("Brotli needs more than it said");
        return packed[..length];
    }

    private static ReadOnlySpan<byte> Block(ReadOnlySpan<byte> packed, int columns, ImmutableArray<TravellingConnection>.Builder into)
    {
        Expect.That(packed.Length >= BlockHeadBytes, "block", "is cut off");
        var (rows, length) = (BinaryPrimitives.ReadInt32LittleEndian(packed), BinaryPrimitives.ReadInt32LittleEndian(packed[4..]));
        Expect.That(rows is > 0 and <= RowsOfBlock, "block", $"has {rows} rows");
        Expect.That(length > 0 && length <= packed.Length - BlockHeadBytes, "block", "is cut off");
        var plain = new byte[MostUnpackedOfBlock];
        Expect.That(BrotliDecoder.TryDecompress(packed.Slice(BlockHeadBytes, length), plain, out var written), "block", "is not packed as it must be, or too large");
        var rest = Names(plain.AsSpan(0, written), out var names);
        foreach (var row in NumberTable.Read(rest, rows, columns, ConnectionColumns.Count)) into.Add(ConnectionColumns.Read(row, names));
        return packed[(BlockHeadBytes + length)..];
    }

    private static ReadOnlySpan<byte> Names(ReadOnlySpan<byte> plain, out List<string> names)
    {
        names = [];
        Expect.That(plain.Length >= 2, "names", "are cut off");
        var count = plain[0] | plain[1] << 8;
        for (plain = plain[2..]; names.Count < count; plain = plain[(1 + plain[0])..])
        {
            Expect.That(plain.Length > 0 && plain[0] < plain.Length, "names", "are cut off");
            names.Add(Expect.Name(Encoding.UTF8.GetString(plain.Slice(1, plain[0])), "name", mayBeEmpty: true));
        }
        return plain;
    }
}
