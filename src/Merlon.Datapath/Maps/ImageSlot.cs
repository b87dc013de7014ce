using Merlon.Datapath.Native;

namespace Merlon.Datapath.Maps;

/// <summary>The map of one generation, written where it lies. Two take turns: while one is in force the other is written.</summary>
internal sealed class ImageSlot : IDisposable
{
    private const int Page = 512, MostSpare = 8 * Page;
    private readonly KernelMap _map;
    private readonly Mapping _memory;
    private readonly int _words;

    /// <param name="words">At least; what a few more interfaces need is added.</param>
    public ImageSlot(int words)
    {
        _words = (words + Math.Min(words / 16, MostSpare) + Page - 1) / Page * Page;
        _map = new("image", Bpf.CreateMap(Bpf.MapTypeArray, "merlon_image", sizeof(uint), sizeof(ulong), (uint)_words, Bpf.FlagMmapable | Bpf.FlagInnerMap));
        try
        {
            _memory = new(_map.Fd, (long)_words * sizeof(ulong), writable: true);
        }
        catch
        {
            _map.Dispose();
            throw;
        }
    }

    /// <summary>As the value of a map of maps.</summary>
    public int Fd => (int)_map.Fd.DangerousGetHandle();

    // SAFETY: the mapping holds so many words.
    public unsafe Span<ulong> Words => new(_memory.Start, _words);

    /// <summary>Holds so many words, and not much more than twice as many.</summary>
    public bool Fits(int words) => words <= _words && _words <= 2 * words + MostSpare;

    public void Dispose()
    {
        _memory.Dispose();
        _map.Dispose();
    }
}
