namespace Merlon.Bench.Places;

/// <summary>What one turn of one contestant gave.</summary>
/// <param name="Costs">Each the less the better; every turn of a workload has the same ones in the same order.</param>
internal sealed record Slice(long Sent, long Delivered, params double[] Costs);
