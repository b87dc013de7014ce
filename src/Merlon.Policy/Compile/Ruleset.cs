namespace Merlon.Policy.Compile;

/// <summary>One compiled table: class of the remote → row, service class → column, row × column → cell.</summary>
internal sealed record Ruleset(ushort[] RowOf, ushort[] ColumnOf, ulong[] Cells, int Rows, int Columns);
