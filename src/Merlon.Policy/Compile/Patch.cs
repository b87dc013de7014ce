namespace Merlon.Policy.Compile;

/// <summary>A cell of a row that is not what the first row has there; in order of columns. No padding: rows are compared by their bytes.</summary>
internal readonly record struct Patch(long Column, ulong Cell) : IComparable<Patch>
{
    public int CompareTo(Patch other) => Column.CompareTo(other.Column);
}
