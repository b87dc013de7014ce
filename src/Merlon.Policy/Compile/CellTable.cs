using System.Numerics;
using System.Runtime.InteropServices;

namespace Merlon.Policy.Compile;

/// <summary>The cells of one ruleset, row by row. Rules name few cells of a row, so that a row is kept as where it differs from the first,
/// which is that of class 0.</summary>
internal sealed class CellTable : IImageTable
{
    private readonly ulong[] _first;
    private readonly Patch[][] _rows;

    /// <param name="first">Active and candidate verdict by column.</param>
    /// <param name="rows">The first has no patch.</param>
    public CellTable(ulong[] first, Patch[][] rows)
    {
        (_first, _rows) = (first, rows);
        Narrow = Array.TrueForAll(first, IsNarrow) && Array.TrueForAll(rows, row => Array.TrueForAll(row, p => IsNarrow(p.Cell)));
    }

    public int Rows => _rows.Length;

    public int Columns => _first.Length;

    public int Count => Rows * Columns;

    /// <summary>Active and candidate verdict are the same in every cell: 32 bits say it.</summary>
    public bool Narrow { get; }

    public int Words => Narrow ? (Count + 1) / 2 : Count;

    public ulong this[int row, int column] =>
        Array.BinarySearch(_rows[row], new(column, 0)) is var at and >= 0 ? _rows[row][at].Cell : _first[column];

    public void Hash(ref HashCode hash)
    {
        if (!Narrow)
        {
            Hash<ulong>(ref hash);
            return;
        }
        Hash<uint>(ref hash);
        if (Count % 2 != 0) hash.Add(0);
    }

    public void Write(Span<ulong> words)
    {
        if (!Narrow)
        {
            Write<ulong>(words);
            return;
        }
        words[^1] = 0;
        Write(MemoryMarshal.Cast<ulong, uint>(words));
    }

    private void Hash<T>(ref HashCode hash) where T : unmanaged, INumber<T>
    {
        var (first, cells) = (First<T>(), new T[Columns]);
        foreach (var row in _rows)
        {
            Fill(cells, first, row);
            hash.AddBytes(MemoryMarshal.AsBytes(cells.AsSpan()));
        }
    }

    private void Write<T>(Span<T> cells) where T : unmanaged, INumber<T>
    {
        var first = First<T>();
        for (var row = 0; row < Rows; row++) Fill(cells.Slice(row * Columns, Columns), first, _rows[row]);
    }

    private T[] First<T>() where T : unmanaged, INumber<T> => Array.ConvertAll(_first, T.CreateTruncating);

    private static void Fill<T>(Span<T> cells, T[] first, Patch[] patches) where T : unmanaged, INumber<T>
    {
        first.CopyTo(cells);
        foreach (var patch in patches) cells[(int)patch.Column] = T.CreateTruncating(patch.Cell);
    }

    private static bool IsNarrow(ulong cell) => (uint)cell == (uint)(cell >> 32);
}
