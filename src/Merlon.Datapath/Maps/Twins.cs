using Merlon.Datapath.Native;

namespace Merlon.Datapath.Maps;

/// <summary>Two maps of one image, the one in force and the one in the other slot, which is behind by one change. They stay open and mapped:
/// to map tens of megabytes takes longer than a change.</summary>
internal sealed class Twins : IDisposable
{
    private readonly (KernelMap Map, Mapping Memory)[] _bySlot = new (KernelMap, Mapping)[2];

    /// <param name="slot">Of the image in force; the map is this object's from now on.</param>
    /// <param name="other">Of as many words.</param>
    public Twins(uint slot, KernelMap active, KernelMap other)
    {
        Length = (int)active.Info.MaxEntries;
        _bySlot[slot] = (active, new(active.Fd, Length * sizeof(ulong), writable: true));
        _bySlot[slot ^ 1] = (other, new(other.Fd, Length * sizeof(ulong), writable: true));
    }

    public int Length { get; }

    /// <summary>Words in which the other one is behind.</summary>
    public IReadOnlyDictionary<int, ulong> Behind { get; set; } = new Dictionary<int, ulong>();

    public int Fd(uint slot) => _bySlot[slot].Map.Fd.Number;

    // SAFETY: the map's own number of words, as long as this object lives.
    public unsafe Span<ulong> Words(uint slot) => new(_bySlot[slot].Memory.Start, Length);

    public void Dispose()
    {
        foreach (var (map, memory) in _bySlot)
        {
            memory.Dispose();
            map.Dispose();
        }
    }
}
