using System.Diagnostics;
using System.Runtime.InteropServices;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Maps;

/// <summary>Map <c>images</c>: two generations of the compiled policy, swapped by one store to control.generation.</summary>
/// <remarks>
/// The map of the inactive slot is written where it lies and put into force by the flip; nobody reads it before, since its generation
/// is no packet's. After the flip come two grace periods. In the first every packet that met the image before at its one hook ends at
/// its other, under the same image, unless a queue holds it between them: for such ones the image stays until <see cref="Linger"/> is over or
/// another commit comes. Then it is taken out of its generation (a packet that still comes finds it gone, and is judged by the one in force),
/// and after the second, which only another commit waits for, nobody reads it and it can be written.
/// </remarks>
public sealed class ImageStore : IDisposable
{
    /// <summary>How long a packet between its hooks finds the image that it met first, after another has come into force.</summary>
    internal static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(500);

    private readonly KernelMap _images;
    private readonly ControlTable _control;
    private readonly GracePeriod? _grace;
    private readonly Lock _gate = new();

    /// <summary>By slot; null = what is there was made by another process, or nothing is.</summary>
    private readonly ImageSlot?[] _slots = new ImageSlot?[2];

    /// <summary>The generation that was left here in force; another one is another process's.</summary>
    private uint _left;

    /// <summary>Ends when nobody reads the inactive slot; false = somebody still may.</summary>
    private Task<bool> _free = Task.FromResult(true);
    private TaskCompletionSource _hurry = new();

    /// <param name="alone">No program runs but for test runs of the thread that commits: there is nobody to wait for.</param>
    internal ImageStore(KernelMap images, ControlTable control, bool alone) =>
        (_images, _control, _grace) = (images, control, alone ? null : new());

    /// <summary>Puts a new image into force, whole or not at all.</summary>
    /// <param name="words">The pure image.</param>
    /// <param name="bind">One word per slot, <see cref="AbiLimits.MaxSlots"/> at most.</param>
    /// <param name="ruleIds">Image rule number to host rule id.</param>
    public CommitResult Commit(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds)
    {
        Require(words, bind, ruleIds);
        var started = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            if (!Free() || _control.Generation != _left) Forget();
            var generation = Next(_control.Generation);
            Write(Room(generation & 1, Total(words, bind, ruleIds)), words, bind, ruleIds, generation);
            (_left, _free) = (generation, Task.FromResult(false));
            _control.Flip(generation);
            var took = Stopwatch.GetElapsedTime(started);
            _grace?.Wait();
            _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _free = FreeLater(_slots[~generation & 1], _hurry.Task);
            return new(generation, took);
        }
    }

    /// <summary>The image in force is this one, word for word; compared where it lies, since copies of so much cost.</summary>
    public bool Holds(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds)
    {
        Require(words, bind, ruleIds);
        lock (_gate)
        {
            using var map = OpenActive(out var generation);
            if (map is null || map.Info.MaxEntries < Total(words, bind, ruleIds)) return false;
            using var memory = Map(map);
            var image = Words(memory, map);
            Span<ulong> header = stackalloc ulong[AbiLimits.ImageHeaderWords];
            words[..header.Length].CopyTo(header);
            Complete(header, words, bind, ruleIds, generation);
            var (bindAt, rulesAt) = (words.Length, words.Length + bind.Length);
            return image[..header.Length].SequenceEqual(header) && image[header.Length..bindAt].SequenceEqual(words[header.Length..])
                && image[bindAt..rulesAt].SequenceEqual(bind) && MemoryMarshal.Cast<ulong, uint>(image[rulesAt..])[..ruleIds.Length].SequenceEqual(ruleIds);
        }
    }

    /// <summary>The image in force; null when none was committed yet.</summary>
    public LoadedImage? ReadBack()
    {
        lock (_gate)
        {
            using var map = OpenActive(out var generation);
            return map is null ? null : Read(map, generation);
        }
    }

    /// <summary>Number of the generation in force; 0 = none.</summary>
    public uint Generation => _control.Generation;

    // 0 means "none committed"; after a wrap (four billion commits) the slot must still alternate, hence 2.
    private static uint Next(uint generation) => generation == uint.MaxValue ? 2 : generation + 1;

    private static void Require(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds)
    {
        if (words.Length < AbiLimits.ImageHeaderWords || (uint)words[(int)ImageWord.Magic] != AbiLimits.ImageMagic)
            throw new ArgumentException("not an image", nameof(words));
        if (bind.Length > AbiLimits.MaxSlots) throw new ArgumentException($"more than {AbiLimits.MaxSlots} slots", nameof(bind));
        if (ruleIds.Length > AbiLimits.MaxRuleIds) throw new ArgumentException($"more than {AbiLimits.MaxRuleIds} rules", nameof(ruleIds));
    }

    private KernelMap? OpenActive(out uint generation)
    {
        generation = _control.Generation;
        if (generation == 0 || !_images.TryLookup(generation & 1, out uint id)) return null;
        return new("image", new(BpfError.Check(LibBpf.MapById(id), "map-open", "opening the active image")));
    }

    private ImageSlot Room(uint slot, int words)
    {
        if (_slots[slot] is { } room && room.Fits(words)) return room;
        _slots[slot]?.Dispose();
        _slots[slot] = null;
        room = new(words);
        try
        {
            _images.Update(slot, room.Fd);
        }
        catch
        {
            room.Dispose();
            throw;
        }
        return _slots[slot] = room;
    }

    private bool Free()
    {
        _hurry.TrySetResult();
        return _free.Result;
    }

    private async Task<bool> FreeLater(ImageSlot? before, Task hurry)
    {
        await Task.WhenAny(Task.Delay(Linger), hurry).ConfigureAwait(false);
        if (before is not null) Volatile.Write(ref before.Words[(int)ImageWord.Generation], 0);
        try
        {
            _grace?.Wait();
            return true;
        }
        catch (DatapathException)
        {
            return false;
        }
    }

    private void Forget()
    {
        foreach (var slot in _slots) slot?.Dispose();
        Array.Clear(_slots);
    }

    // The generation last. Where the CPU may read the words before it, no run that began before the words may see it.
    private void Write(ImageSlot slot, ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds, uint generation)
    {
        var image = slot.Words;
        words.CopyTo(image);
        bind.CopyTo(image[words.Length..]);
        ruleIds.CopyTo(MemoryMarshal.Cast<ulong, uint>(image[(words.Length + bind.Length)..]));
        image[Total(words, bind, ruleIds)..].Clear();
        Complete(image, words, bind, ruleIds, 0);
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) _grace?.Wait();
        Volatile.Write(ref image[(int)ImageWord.Generation], generation);
    }

    private static int Total(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds) =>
        words.Length + bind.Length + (ruleIds.Length + 1) / 2;

    // What the header says of this host.
    private static void Complete(Span<ulong> image, ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds, uint generation)
    {
        image[(int)ImageWord.Bind] = Section(words.Length, bind.Length);
        image[(int)ImageWord.RuleIds] = Section(words.Length + bind.Length, ruleIds.Length);
        image[(int)ImageWord.Generation] = generation;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            Free();
            Forget();
            _grace?.Dispose();
        }
    }

    private static LoadedImage Read(KernelMap map, uint generation)
    {
        using var memory = Map(map);
        var image = Words(memory, map);
        var (bindAt, binds) = Section(image[(int)ImageWord.Bind]);
        var (rulesAt, rules) = Section(image[(int)ImageWord.RuleIds]);
        var words = image[..bindAt].ToArray();
        words[(int)ImageWord.Bind] = words[(int)ImageWord.RuleIds] = words[(int)ImageWord.Generation] = 0;
        return new(generation, words, image.Slice(bindAt, binds).ToArray(), MemoryMarshal.Cast<ulong, uint>(image[rulesAt..])[..rules].ToArray());
    }

    private static Mapping Map(KernelMap map) => new(map.Fd, (long)map.Info.MaxEntries * sizeof(ulong), writable: false);

    // SAFETY: the map's own number of entries; an image in force is not written.
    private static unsafe ReadOnlySpan<ulong> Words(Mapping memory, KernelMap map) => new(memory.Start, (int)map.Info.MaxEntries);

    private static ulong Section(int offset, int count) => (uint)offset | (ulong)count << 32;

    private static (int Offset, int Count) Section(ulong word) => ((int)(uint)word, (int)(word >> 32));
}
