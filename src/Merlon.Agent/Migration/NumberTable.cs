using Merlon.Contracts.Wire;

namespace Merlon.Agent.Migration;

/// <summary>Rows of numbers written column by column, each number in 7-bit groups, lowest first (as protobuf's varint).</summary>
internal static class NumberTable
{
    private const int MostBytesOfNumber = 10;

    public static byte[] Write(IReadOnlyList<ulong[]> rows, int columns)
    {
        using var bytes = new MemoryStream();
        for (var column = 0; column < columns; column++)
            foreach (var row in rows)
            {
                var rest = row[column];
                for (; rest > 0x7f; rest >>= 7) bytes.WriteByte((byte)(rest | 0x80));
                bytes.WriteByte((byte)rest);
            }
        return bytes.ToArray();
    }

    /// <summary>The first <paramref name="wanted"/> columns of each row. Throws <see cref="ContractException"/> unless the bytes are exactly that many rows and columns.</summary>
    public static ulong[][] Read(ReadOnlySpan<byte> bytes, int rows, int columns, int wanted)
    {
        Expect.That((long)rows * columns <= bytes.Length, "table", $"{bytes.Length} bytes for {rows} rows");
        var table = new ulong[rows][];
        for (var i = 0; i < rows; i++) table[i] = new ulong[wanted];
        var at = 0;
        for (var column = 0; column < columns; column++)
            for (var row = 0; row < rows; row++)
            {
                var value = Number(bytes, ref at);
                if (column < wanted) table[row][column] = value;
            }
        Expect.That(at == bytes.Length, "table", "has bytes behind its last row");
        return table;
    }

    private static ulong Number(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (var group = 0; group < MostBytesOfNumber; group++)
        {
            Expect.That(at < bytes.Length, "table", "ends in a number");
            var next = bytes[at++];
            Expect.That(group < MostBytesOfNumber - 1 || next <= 1, "table", "holds a number of more than 64 bits");
            value |= (ulong)(next & 0x7f) << (7 * group);
            if (next <= 0x7f) return value;
        }
        throw Expect.Broken("table", "holds a number without end");
    }
}
