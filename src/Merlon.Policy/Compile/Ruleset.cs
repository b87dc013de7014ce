namespace Merlon.Policy.Compile;

/// <summary>One compiled table: class of the remote → row, service class → column, row × column → cell.</summary>
internal sealed record Ruleset(ushort[] RowOf, ushort[] ColumnOf, ulong[] Cells, int Rows, int Columns)
{
    /// <summary>The cells in half the space, two to a word; null where active and candidate verdict of some cell differ.</summary>
    public ulong[]? Narrow()
    {
        var words = new ulong[(Cells.Length + 1) / 2];
        for (var i = 0; i < Cells.Length; i++)
        {
            var (active, candidate) = ((uint)Cells[i], (uint)(Cells[i] >> 32));
            if (active != candidate) return null;
            words[i / 2] |= (ulong)active << (i % 2 * 32);
        }
        return words;
    }
}
