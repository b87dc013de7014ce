namespace Merlon.Bench.Figures;

/// <summary>Five numbers of a sample; between two values linear (the "type 7" of R).</summary>
internal readonly record struct Quartiles(double Min, double Q1, double Median, double Q3, double Max)
{
    /// <param name="values">At least one.</param>
    public static Quartiles Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0) throw new ArgumentException("no values", nameof(values));
        return new(sorted[0], At(sorted, 0.25), At(sorted, 0.5), At(sorted, 0.75), sorted[^1]);
    }

    /// <summary>The value below which so large a part of a sorted sample lies.</summary>
    public static double At(IReadOnlyList<double> sorted, double part)
    {
        var place = part * (sorted.Count - 1);
        var low = (int)place;
        return low + 1 < sorted.Count ? sorted[low] + (place - low) * (sorted[low + 1] - sorted[low]) : sorted[low];
    }
}
