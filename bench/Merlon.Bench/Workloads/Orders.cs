using Merlon.Fast.Tests.Policy;

namespace Merlon.Bench.Workloads;

/// <summary>In which order flows are served. The same seed, the same order.</summary>
internal static class Orders
{
    /// <summary>Each as often as any other, in no order.</summary>
    public static uint[] Uniform(int flows) => new Dice((ulong)flows).Shuffled(Enumerable.Range(0, flows).Select(i => (uint)i));

    /// <summary>A few often, most hardly ever: the n-th with weight 1/n^0.99.</summary>
    public static uint[] Zipf(int flows, int length)
    {
        var sums = new double[flows];
        var sum = 0.0;
        for (var i = 0; i < flows; i++) sums[i] = sum += 1 / Math.Pow(i + 1, 0.99);
        var dice = new Dice((ulong)flows);
        var names = Uniform(flows);
        return [.. Enumerable.Range(0, length).Select(_ =>
        {
            var found = Array.BinarySearch(sums, dice.Below(1 << 30) / (double)(1 << 30) * sum);
            return names[Math.Min(flows - 1, found < 0 ? ~found : found)];
        })];
    }
}
