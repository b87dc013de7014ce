using System.Collections.Immutable;

namespace Merlon.Policy.Compile;

/// <summary>The values 0-65535 of one field, told apart by which ranges hold them.</summary>
internal sealed class ValueClasses
{
    private const int ChunkValues = 256;
    private readonly Numbering<int> _classes = new();
    private readonly ImmutableArray<int> _cuts;
    private readonly ImmutableArray<ushort> _between;

    /// <param name="ranges">Inclusive; Id ascending.</param>
    public ValueClasses(IReadOnlyList<(int Id, int Low, int High)> ranges)
    {
        var starts = ranges.ToLookup(r => r.Low, r => r.Id);
        var ends = ranges.ToLookup(r => r.High + 1, r => r.Id);
        var active = new SortedSet<int>();
        _cuts = [.. ranges.Select(r => r.Low).Concat(ranges.Select(r => r.High + 1)).Append(0).Append(65536).Distinct().Where(c => c <= 65536).Order()];
        var between = ImmutableArray.CreateBuilder<ushort>(_cuts.Length - 1);
        for (var i = 0; i + 1 < _cuts.Length; i++)
        {
            foreach (var id in ends[_cuts[i]]) active.Remove(id);
            foreach (var id in starts[_cuts[i]]) active.Add(id);
            between.Add((ushort)_classes.Of([.. active]));
        }
        _between = between.MoveToImmutable();
    }

    public int Count => _classes.Count;

    /// <summary>Ids of the ranges that hold the class's values, ascending.</summary>
    public int[] Ids(int number) => _classes[number];

    /// <summary>Class by value, 256 values a time. Chunks without a cut between them are one array.</summary>
    public IEnumerable<ushort[]> Chunks()
    {
        ushort[]? whole = null;
        for (int low = 0, at = 0; low < 65536; low += ChunkValues)
        {
            while (_cuts[at + 1] <= low) (at, whole) = (at + 1, null);
            if (_cuts[at + 1] < low + ChunkValues) yield return Mixed(low, at);
            else yield return whole ??= Whole(_between[at]);
        }
    }

    private static ushort[] Whole(ushort number)
    {
        var chunk = new ushort[ChunkValues];
        Array.Fill(chunk, number);
        return chunk;
    }

    private ushort[] Mixed(int low, int at)
    {
        var chunk = new ushort[ChunkValues];
        for (var i = 0; i < chunk.Length; i++)
        {
            if (low + i == _cuts[at + 1]) at++;
            chunk[i] = _between[at];
        }
        return chunk;
    }
}
