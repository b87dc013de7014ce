using System.Buffers.Binary;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Agent.Migration.Connections;

/// <summary>A connection as a row of <see cref="Bytes"/> bytes, little-endian, addresses mapped and in network order (docs/migration.md).</summary>
internal static class CarriedRow
{
    public const int Bytes = 126;

    public static void Write(in CarriedConnection c, Span<byte> row)
    {
        var at = 0;
        U16(row, ref at, c.Nic);
        row[at++] = c.Proto;
        row[at++] = (byte)c.Flags;
        row[at++] = c.LocalScale;
        row[at++] = c.RemoteScale;
        U32(row, ref at, c.Vlan);
        c.Local.WriteMapped(row[at..]);
        c.Remote.WriteMapped(row[(at + 16)..]);
        at += 32;
        U16(row, ref at, c.LocalPort);
        U16(row, ref at, c.RemotePort);
        foreach (var w in (ReadOnlySpan<ConnWindow>)[c.LocalWindow, c.RemoteWindow])
        {
            U32(row, ref at, w.End);
            U32(row, ref at, w.MaxEnd);
            U32(row, ref at, w.MaxWin);
        }
        U32(row, ref at, c.LocalMaxAck);
        U32(row, ref at, c.RemoteMaxAck);
        foreach (var n in (ReadOnlySpan<ulong>)[c.LocalPackets, c.RemotePackets, c.LocalBytes, c.RemoteBytes, c.AgeMs]) U64(row, ref at, n);
        U32(row, ref at, c.IdleMs);
        U32(row, ref at, c.RemainingMs);
    }

    public static CarriedConnection Read(ReadOnlySpan<byte> row)
    {
        ushort U16(ReadOnlySpan<byte> r, int at) => BinaryPrimitives.ReadUInt16LittleEndian(r[at..]);
        uint U32(ReadOnlySpan<byte> r, int at) => BinaryPrimitives.ReadUInt32LittleEndian(r[at..]);
        ulong U64(ReadOnlySpan<byte> r, int at) => BinaryPrimitives.ReadUInt64LittleEndian(r[at..]);
        ConnWindow Window(ReadOnlySpan<byte> r, int at) => new() { End = U32(r, at), MaxEnd = U32(r, at + 4), MaxWin = U32(r, at + 8) };
        return new(U16(row, 0), row[2], (CarriedFlags)row[3], row[4], row[5], U32(row, 6), Address.FromBytes(row[10..26]), Address.FromBytes(row[26..42]),
            U16(row, 42), U16(row, 44), Window(row, 46), Window(row, 58), U32(row, 70), U32(row, 74), U64(row, 78), U64(row, 86), U64(row, 94), U64(row, 102),
            U64(row, 110), U32(row, 118), U32(row, 122));
    }

    private static void U16(Span<byte> row, ref int at, ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(row[at..], value);
        at += 2;
    }

    private static void U32(Span<byte> row, ref int at, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(row[at..], value);
        at += 4;
    }

    private static void U64(Span<byte> row, ref int at, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(row[at..], value);
        at += 8;
    }
}
