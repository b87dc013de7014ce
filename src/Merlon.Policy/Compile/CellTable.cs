using System.Numerics;
using System.Runtime.InteropServices;

namespace Merlon.Policy.Compile;

/// <summary>The cells of one ruleset, row by row. Rules name few cells of a row, so that a row is kept as where it differs from the first,
/// which is that of class 0. Columns that are alike in all rows are one.</summary>
internal sealed class CellTable : IImageTable
{
    private readonly ulong[] _first;
    private readonly IReadOnlyList<Patch[]> _rows;
    private readonly int[] _columnOf;
    private readonly int[] _firsts;

    /// <param name="first">Active and candidate verdict by column.</param>
    /// <param name="rows">The first has no patch.</param>
    public CellTable(ulong[] first, IReadOnlyList<Patch[]> rows)
    {
        (_first, _rows) = (first, rows);
        (_columnOf, _firsts) = Merge(first, rows);
        Narrow = Array.TrueForAll(first, IsNarrow) && rows.All(static row => Array.TrueForAll(row, static p => IsNarrow(p.Cell)));
    }

    public int Rows => _rows.Count;

    public int Columns => _firsts.Length;

    /// <summary>By the columns of before.</summary>
    public ReadOnlySpan<int> ColumnOf => _columnOf;

    public int Count => Rows * Columns;

    /// <summary>As many as there would be without merging columns.</summary>
    public long Unmerged => (long)Rows * _first.Length;

    /// <summary>Active and candidate verdict are the same in every cell: 32 bits say it.</summary>
    public bool Narrow { get; }

    public int Words => Narrow ? (Count + 1) / 2 : Count;

    public ulong this[int row, int column] =>
        Array.BinarySearch(_rows[row], new(_firsts[column], 0)) is var at and >= 0 ? _rows[row][at].Cell : _first[_firsts[column]];

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

    private T[] First<T>() where T : unmanaged, INumber<T> => Array.ConvertAll(_firsts, c => T.CreateTruncating(_first[c]));

    private void Fill<T>(Span<T> cells, T[] first, Patch[] patches) where T : unmanaged, INumber<T>
    {
        first.CopyTo(cells);
        foreach (var patch in patches) cells[_columnOf[patch.Column]] = T.CreateTruncating(patch.Cell);
    }

    /// <summary>Columns are alike where their first cells and their patches are.</summary>
    /// <returns>Of each column its number, and of each number the first column.</returns>
    private static (int[] ColumnOf, int[] Firsts) Merge(ulong[] first, IReadOnlyList<Patch[]> rows)
    {
        var ends = new int[first.Length + 1];
        foreach (var row in rows)
            foreach (var patch in row) ends[patch.Column + 1] += 2;
        for (var c = 0; c < first.Length; c++) ends[c + 1] += ends[c] + 1;
        // By column: its first cell, then number and cell of each row that patches it.
        var content = new ulong[ends[^1]];
        for (var c = 0; c < first.Length; c++) content[ends[c]++] = first[c];
        for (var row = 0; row < rows.Count; row++)
            foreach (var patch in rows[row]) (content[ends[patch.Column]++], content[ends[patch.Column]++]) = ((ulong)row, patch.Cell);
        // Each now ends where it ended, and begins where the one before ends.
        var (columns, columnOf, firsts) = (new Dictionary<int, int>(first.Length, new SameColumn(content, ends)), new int[first.Length], new List<int>(first.Length));
        for (var c = 0; c < first.Length; c++)
        {
            if (columns.TryAdd(c, firsts.Count)) firsts.Add(c);
            columnOf[c] = columns[c];
        }
        return (columnOf, [.. firsts]);
    }

    private static bool IsNarrow(ulong cell) => (uint)cell == (uint)(cell >> 32);

    private sealed class SameColumn(ulong[] content, int[] ends) : IEqualityComparer<int>
    {
        public bool Equals(int x, int y) => Of(x).SequenceEqual(Of(y));

        public int GetHashCode(int column) => ContentComparer<ulong>.Instance.GetHashCode(Of(column));

        private ReadOnlySpan<ulong> Of(int column) => content.AsSpan((column == 0 ? 0 : ends[column - 1])..ends[column]);
    }
}
