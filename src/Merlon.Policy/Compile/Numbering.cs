namespace Merlon.Policy.Compile;

/// <summary>Distinct arrays, numbered in order of first appearance.</summary>
internal sealed class Numbering<T> where T : unmanaged, IEquatable<T>
{
    private readonly Dictionary<T[], int> _numbers = new(ContentComparer<T>.Instance);
    private readonly List<T[]> _all = [];

    public int Count => _all.Count;

    public T[] this[int number] => _all[number];

    public IReadOnlyList<T[]> All => _all;

    public int Of(T[] content)
    {
        if (_numbers.TryGetValue(content, out var number)) return number;
        _numbers.Add(content, number = _all.Count);
        _all.Add(content);
        return number;
    }
}
