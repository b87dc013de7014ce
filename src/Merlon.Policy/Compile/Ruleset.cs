namespace Merlon.Policy.Compile;

/// <summary>One compiled table: class of the remote → row, service class → column, row × column → cell.</summary>
internal sealed record Ruleset(ClassMap RowOf, ClassMap ColumnOf, CellTable Cells);
