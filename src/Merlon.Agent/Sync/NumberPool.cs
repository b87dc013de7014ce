namespace Merlon.Agent.Sync;

/// <summary>Hands out small numbers that the kernel's tables index with. Goes round from a cursor, so that a number that
/// was given back is reused as late as possible: entries and events may still carry it.</summary>
/// <param name="Low">Lowest number.</param>
/// <param name="High">Highest, inclusive.</param>
internal sealed class NumberPool(string what, uint low, uint high, uint cursor, IEnumerable<uint> used)
{
    // Most plans need no number of a hundred thousand rules.
    private readonly Lazy<HashSet<uint>> _used = new(() => [.. used]);

    /// <summary>Where the next search starts; kept on disk.</summary>
    public uint Cursor { get; private set; } = Math.Clamp(cursor, low, high);

    /// <summary>The next free number; throws <see cref="PolicyRefused"/> when all are in use.</summary>
    public uint Take()
    {
        var size = (ulong)high - low + 1;
        if ((ulong)_used.Value.Count >= size) throw new PolicyRefused($"all {size} {what} numbers of this host are in use");
        while (!_used.Value.Add(Cursor)) Cursor = Next(Cursor);
        var taken = Cursor;
        Cursor = Next(Cursor);
        return taken;
    }

    private uint Next(uint number) => number == high ? low : number + 1;
}
