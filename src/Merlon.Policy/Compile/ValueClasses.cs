namespace Merlon.Policy.Compile;

/// <summary>The values 0-65535 of one field, told apart by which ranges hold them.</summary>
internal sealed class ValueClasses
{
    private readonly Numbering<int> _classes = new();

    /// <param name="ranges">Inclusive; Id ascending.</param>
    public ValueClasses(IReadOnlyList<(int Id, int Low, int High)> ranges)
    {
        var starts = ranges.ToLookup(r => r.Low, r => r.Id);
        var ends = ranges.ToLookup(r => r.High + 1, r => r.Id);
        var active = new SortedSet<int>();
        var cuts = ranges.Select(r => r.Low).Concat(ranges.Select(r => r.High + 1)).Append(0).Append(65536).Distinct().Where(c => c <= 65536).Order().ToArray();
        for (var i = 0; i + 1 < cuts.Length; i++)
        {
            foreach (var id in ends[cuts[i]]) active.Remove(id);
            foreach (var id in starts[cuts[i]]) active.Add(id);
            Map.AsSpan(cuts[i], cuts[i + 1] - cuts[i]).Fill((ushort)_classes.Of([.. active]));
        }
    }

    public ushort[] Map { get; } = new ushort[65536];

    public int Count => _classes.Count;

    /// <summary>Ids of the ranges that hold the class's values, ascending.</summary>
    public int[] Ids(int number) => _classes[number];
}
