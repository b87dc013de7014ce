namespace Merlon.Bench.Figures;

/// <summary>A machine on which even a bare redirect is not clearly cheaper than the bridge cannot tell anything.</summary>
internal static class Noise
{
    public const double LeastWall = 1.25;

    /// <summary>Variants whose wall row says so, with what it says; empty = the rows may be believed.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<BenchRow> rows) =>
        [.. rows.Where(r => r.Variant.StartsWith(BenchRow.Wall, StringComparison.Ordinal) && r.RatioMedian < LeastWall)
            .Select(r => FormattableString.Invariant($"{r.Id} {r.Variant}: {r.RatioMedian:f2} × {r.Peer}, less than {LeastWall:f2}"))];
}
