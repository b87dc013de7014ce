namespace Merlon.Policy.Compile;

/// <summary>Distinct arrays, numbered in order of first appearance.</summary>
internal sealed class Numbering<T> where T : unmanaged, IEquatable<T>
{
    private readonly Dictionary<T[], int>.AlternateLookup<ReadOnlySpan<T>> _numbers =
        new Dictionary<T[], int>(ContentComparer<T>.Instance).GetAlternateLookup<ReadOnlySpan<T>>();
    private readonly List<T[]> _all = [];

    public int Count => _all.Count;

    public T[] this[int number] => _all[number];

    public IReadOnlyList<T[]> All => _all;

    /// <summary>Null = it has no number.</summary>
    public int? Find(ReadOnlySpan<T> content) => _numbers.TryGetValue(content, out var number) ? number : null;

    /// <param name="content">Copied when it is new.</param>
    public int Of(ReadOnlySpan<T> content)
    {
        if (_numbers.TryGetValue(content, out var number)) return number;
        var own = content.ToArray();
        _numbers.Dictionary.Add(own, number = _all.Count);
        _all.Add(own);
        return number;
    }
}
