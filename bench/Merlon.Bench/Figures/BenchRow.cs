using System.Text.Json;

namespace Merlon.Bench.Figures;

/// <summary>One comparison of a workload: how much better than a peer, over the rounds of one interleaved run.</summary>
/// <param name="Id">W1 to W19.</param>
/// <param name="Variant">What was varied; "wall, …": the bare redirect in place of the product, against the bridge.</param>
/// <param name="Peer">Who it is compared with.</param>
/// <param name="RatioMedian">Of the paired ratios; above 1 = better than the peer.</param>
/// <param name="Occupancy">Entries of the product's table ÷ its size.</param>
/// <param name="Delivered">Of those that the row's own side sent.</param>
internal sealed record BenchRow(
    string Id, string Variant, string Peer, double RatioMedian, double RatioQ1, double RatioQ3, double RatioMin, double RatioMax,
    int Flows, double Occupancy, long Delivered, long Sent, int Rounds)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public const string Wall = "wall, ";

    /// <summary>Every sixth digit of a ratio is noise, so four are kept.</summary>
    public static BenchRow Of(string id, string variant, string peer, IReadOnlyList<double> ratios, int flows, double occupancy, long delivered, long sent)
    {
        var q = Quartiles.Of(ratios);
        return new(id, variant, peer, Round(q.Median), Round(q.Q1), Round(q.Q3), Round(q.Min), Round(q.Max), flows, Math.Round(occupancy, 6), delivered, sent, ratios.Count);
    }

    public static string ToJson(IEnumerable<BenchRow> rows) => JsonSerializer.Serialize(rows, s_json);

    public static BenchRow[] FromJson(string json) => JsonSerializer.Deserialize<BenchRow[]>(json, s_json) ?? [];

    private static double Round(double ratio) => Math.Round(ratio, 4);
}
