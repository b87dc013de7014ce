using Merlon.Policy.Compile;

namespace Merlon.Policy.Analyze;

/// <summary>Pairs of ends as boxes: those whose senders have the same receivers are one.</summary>
internal static class PairBoxes
{
    public static IEnumerable<T[]> Of<T>(IEnumerable<T> pairs, Func<T, int> from, Func<T, int> to)
    {
        var targets = new Numbering<int>();
        return pairs.GroupBy(from).GroupBy(f => targets.Of([.. f.Select(to)])).Select(box => box.SelectMany(f => f).ToArray());
    }
}
