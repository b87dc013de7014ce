namespace Merlon.Policy.Compile;

/// <summary>Numbers 0 … n-1 in blocks, refined by subsets: in the end two are in one block when every subset held both or neither.
/// A step costs the size of its subset, not n.</summary>
internal sealed class Partition(int count)
{
    private readonly Dictionary<int, int> _split = [];

    /// <summary>Block of each number.</summary>
    public int[] BlockOf { get; } = new int[count];

    public int Blocks { get; private set; } = 1;

    public void Refine(IEnumerable<int> subset)
    {
        _split.Clear();
        foreach (var i in subset)
        {
            if (!_split.TryGetValue(BlockOf[i], out var fresh)) _split.Add(BlockOf[i], fresh = Blocks++);
            BlockOf[i] = fresh;
        }
    }

    /// <summary>Renumbers the blocks without gaps in order of their first member; returns one member of each.</summary>
    public int[] Close()
    {
        var numbers = new Dictionary<int, int>();
        var members = new List<int>();
        for (var i = 0; i < BlockOf.Length; i++)
        {
            if (!numbers.TryGetValue(BlockOf[i], out var number))
            {
                numbers.Add(BlockOf[i], number = members.Count);
                members.Add(i);
            }
            BlockOf[i] = number;
        }
        Blocks = members.Count;
        return [.. members];
    }
}
