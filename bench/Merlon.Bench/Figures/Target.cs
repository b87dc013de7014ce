namespace Merlon.Bench.Figures;

/// <summary>What a comparison is to reach, by its lower quartile.</summary>
/// <param name="Variant">Beginning of the variants that it is for.</param>
internal sealed record Target(string Id, string Variant, string Peer, double Least)
{
    public static readonly IReadOnlyList<Target> All =
    [
        new("W1", "256 flows", "60 ns", 1), new("W1", "65536 flows", "220 ns", 1),
        new("W2", "tcp", "P0", 1.20), new("W2", "", "P2-set", 3.0), new("W2", "", "P2-linear", 3.0), new("W2", "", "P4-linear", 5.0),
        new("W3", "uniform", "P0", 0.80), new("W3", "zipf", "P0", 1.10), new("W3", "", "P2-set", 2.3),
        new("W4", "", "P0", 0.85),
        new("W5", "1 rules", "P2-1", 3.0), new("W5", "1000 rules", "P2-linear", 8.0), new("W5", "1000 rules", "P2-set", 1.5), new("W5", "100000 rules", "10 rules", 1 / 1.3),
        new("W6", "", "P0", 0.98), new("W6", "", "P2-set", 1.10), new("W6", "", "P2-linear", 1.10),
        new("W7", "tcp p50", "P0", 1.031), new("W7", "udp p50", "P0", 1.031), new("W7", "tcp p99", "P0", 1.0), new("W7", "udp p99", "P0", 1.0),
        new("W8", "", "P0", 1.0),
    ];

    /// <summary>The target of a row; null = it has none.</summary>
    public static Target? Of(BenchRow row) =>
        All.FirstOrDefault(t => t.Id == row.Id && t.Peer == row.Peer && row.Variant.StartsWith(t.Variant, StringComparison.Ordinal) && !row.Variant.StartsWith(BenchRow.Wall, StringComparison.Ordinal));

    public bool MetBy(BenchRow row) => row.RatioQ1 >= Least;
}
