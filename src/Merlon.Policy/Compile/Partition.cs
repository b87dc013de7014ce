namespace Merlon.Policy.Compile;

/// <summary>Numbers 0 … n-1 in blocks, refined by subsets: in the end two are in one block when every subset held both or neither.
/// A step costs the size of its subset, not n.</summary>
internal sealed class Partition(int count)
{
    private int[] _splitIn = [0];
    private int[] _freshOf = [0];
    private int _step;

    /// <summary>Block of each number.</summary>
    public int[] BlockOf { get; } = new int[count];

    public int Blocks { get; private set; } = 1;

    public void Refine(IEnumerable<int> subset)
    {
        _step++;
        foreach (var i in subset)
        {
            var block = BlockOf[i];
            if (_splitIn[block] != _step)
            {
                var fresh = Fresh(); // may give both arrays more room
                (_splitIn[block], _freshOf[block]) = (_step, fresh);
            }
            BlockOf[i] = _freshOf[block];
        }
    }

    /// <summary>Renumbers the blocks without gaps in order of their first member; returns one member of each.</summary>
    public int[] Close()
    {
        var numbers = new int[Blocks];
        var members = new List<int>();
        for (var i = 0; i < BlockOf.Length; i++)
        {
            ref var number = ref numbers[BlockOf[i]];
            if (number == 0)
            {
                members.Add(i);
                number = members.Count;
            }
            BlockOf[i] = number - 1;
        }
        Blocks = members.Count;
        return [.. members];
    }

    private int Fresh()
    {
        if (Blocks == _splitIn.Length)
        {
            Array.Resize(ref _splitIn, 2 * Blocks);
            Array.Resize(ref _freshOf, 2 * Blocks);
        }
        return Blocks++;
    }
}
