using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Merlon.Agent.Migration.Connections;

/// <summary>What a VM's migration stream or save file holds of its connections. Read from whoever wrote that file: <see cref="Read"/> bounds it and
/// believes its shape, <see cref="Landing"/> judges what it says.</summary>
/// <param name="Vm">UUID.</param>
/// <param name="Host">That it left.</param>
/// <param name="SentUnixMs">By that host's clock.</param>
/// <param name="Answered">False = there was no agent to ask: it is empty for that.</param>
/// <param name="LeftOut">Connections for which there was no room, or that the VM has from addresses that are not its own.</param>
internal sealed record ConnectionSnapshot(Guid Vm, string Host, long SentUnixMs, bool Answered, int LeftOut, IReadOnlyList<CarriedConnection> Connections)
{
    /// <summary>QEMU takes 1 MiB, its own words around it included.</summary>
    public const int MostBytes = 1_000_000;

    public const int MostRows = 1 << 17;

    private const byte Version = 1, AnsweredFlag = 1;
    private const int FixedBytes = 4 + 4 + 16 + 8 + 4 + 4, MostHostBytes = 255, Quality = 5, Window = 22;
    private static ReadOnlySpan<byte> Magic => "MRLC"u8;

    /// <summary>Never more than <see cref="MostBytes"/>: what does not fit is left out, the closing ones first, then those longest idle.</summary>
    public byte[] Write()
    {
        var rows = Connections.OrderBy(c => (c.Flags & (CarriedFlags.LocalFin | CarriedFlags.RemoteFin)) != 0).ThenBy(c => c.IdleMs).Take(MostRows).ToArray();
        for (var count = rows.Length; ;)
        {
            var written = Write(rows.AsSpan(0, count));
            if (written.Length <= MostBytes) return written;
            count = (int)((long)count * MostBytes / written.Length * 19 / 20);
        }
    }

    private byte[] Write(ReadOnlySpan<CarriedConnection> rows)
    {
        var columns = new byte[rows.Length * CarriedRow.Bytes];
        Span<byte> row = stackalloc byte[CarriedRow.Bytes];
        for (var r = 0; r < rows.Length; r++)
        {
            CarriedRow.Write(rows[r], row);
            for (var i = 0; i < row.Length; i++) columns[i * rows.Length + r] = row[i];
        }
        var host = Encoding.UTF8.GetBytes(Host).AsSpan();
        if (host.Length > MostHostBytes) host = host[..MostHostBytes];
        var all = new byte[FixedBytes + host.Length + BrotliEncoder.GetMaxCompressedLength(columns.Length)];
        Magic.CopyTo(all);
        (all[4], all[5], all[6]) = (Version, Answered ? AnsweredFlag : (byte)0, (byte)host.Length);
        Vm.TryWriteBytes(all.AsSpan(8), bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(all.AsSpan(24), SentUnixMs);
        BinaryPrimitives.WriteInt32LittleEndian(all.AsSpan(32), rows.Length);
        BinaryPrimitives.WriteInt32LittleEndian(all.AsSpan(36), LeftOut + Connections.Count - rows.Length);
        host.CopyTo(all.AsSpan(FixedBytes));
        var at = FixedBytes + host.Length;
        if (rows.IsEmpty) return all[..at];
        if (!BrotliEncoder.TryCompress(columns, all.AsSpan(at), out var packed, Quality, Window)) throw new InvalidOperationException("Brotli needs more than it said");
        return all[..(at + packed)];
    }

    /// <summary>Throws <see cref="FormatException"/>.</summary>
    public static ConnectionSnapshot Read(ReadOnlySpan<byte> bytes)
    {
        Expect(bytes.Length is >= FixedBytes and <= MostBytes && bytes[..4].SequenceEqual(Magic), "it is no snapshot of connections");
        Expect(bytes[4] == Version, $"it is of version {bytes[4]}, this is {Version}");
        int count = BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]), leftOut = BinaryPrimitives.ReadInt32LittleEndian(bytes[36..]), at = FixedBytes + bytes[6];
        Expect(count is >= 0 and <= MostRows && leftOut >= 0 && at <= bytes.Length && bytes[5] <= AnsweredFlag && bytes[7] == 0, "its head is damaged");
        var columns = Unpack(bytes[at..], count * CarriedRow.Bytes);
        var connections = new CarriedConnection[count];
        Span<byte> row = stackalloc byte[CarriedRow.Bytes];
        for (var r = 0; r < count; r++)
        {
            for (var i = 0; i < row.Length; i++) row[i] = columns[i * count + r];
            connections[r] = CarriedRow.Read(row);
        }
        return new(new(bytes[8..24], bigEndian: true), Readable(Encoding.UTF8.GetString(bytes[FixedBytes..at])), BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            bytes[5] == AnsweredFlag, leftOut, connections);
    }

    // Exactly so many bytes come out, whatever is packed.
    private static byte[] Unpack(ReadOnlySpan<byte> packed, int length)
    {
        if (packed.IsEmpty && length == 0) return [];
        using var decoder = new BrotliDecoder();
        var columns = new byte[length];
        var state = decoder.Decompress(packed, columns, out var read, out var written);
        Expect(state == OperationStatus.Done && read == packed.Length && written == length, "what is packed is damaged");
        return columns;
    }

    // It goes to logs and terminals.
    private static string Readable(string host) => string.Concat(host.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' ? c : '?'));

    private static void Expect(bool holds, string otherwise)
    {
        if (!holds) throw new FormatException(otherwise);
    }
}
