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
/// and after the second, which only another commit or change waits for, nobody reads it and it can be written.
/// <para>A change writes a few words: the slot that it writes is behind by those of the change before, or a copy was made of the one in force.</para>
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

    /// <summary>Words in which the inactive slot, once it is free, is behind the one in force; null = it is another image.</summary>
    private IReadOnlyCollection<int>? _behind;

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
            _behind = null;
            var generation = Next(_control.Generation);
            var slot = Room(generation & 1, Total(words, bind, ruleIds));
            Write(slot.Words, words, bind, ruleIds);
            return Flip(slot, generation, null, started);
        }
    }

    /// <summary>Puts into force the image that is in force with some of its words, and all bind words, written anew, whole or not at all.
    /// Where the inactive slot is no copy of it yet, which is so for half a second after a commit, all is copied first.</summary>
    /// <param name="words">By place in the pure image; not the header's.</param>
    /// <param name="bind">As many as are in force.</param>
    /// <returns>Null = only a commit can: what is in force is not what this store left, or has other slots.</returns>
    public CommitResult? Change(IReadOnlyDictionary<int, ulong> words, ReadOnlySpan<ulong> bind)
    {
        var started = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            var before = _control.Generation;
            if (before == 0 || before != _left || _slots[before & 1] is not { } now) return null;
            var (bindAt, binds) = Section(now.Words[(int)ImageWord.Bind]);
            if (binds != bind.Length || !Free()) return null;
            var generation = Next(before);
            var slot = CaughtUp(generation & 1, now);
            _behind = null;
            foreach (var (at, word) in words) slot.Words[at] = word;
            bind.CopyTo(slot.Words[bindAt..]);
            return Flip(slot, generation, [.. words.Keys], started);
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

    /// <summary>The image in force is of this generation and says the same of this host, and in these words: enough for who knows that nobody else
    /// has put an image under that number.</summary>
    /// <param name="words">By place in the pure image.</param>
    public bool Holds(uint generation, IReadOnlyDictionary<int, ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds)
    {
        lock (_gate)
        {
            using var map = OpenActive(out var active);
            if (map is null || active != generation) return false;
            using var memory = Map(map);
            var image = Words(memory, map);
            foreach (var (at, word) in words)
                if (image[at] != word) return false;
            return image[(int)ImageWord.Generation] == generation && BindOf(image).SequenceEqual(bind) && RuleIdsOf(image).SequenceEqual(ruleIds);
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
    /// <summary>The generation of what is put into force after this one.</summary>
    public static uint Next(uint generation) => generation == uint.MaxValue ? 2 : generation + 1;

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

    // The generation last. Where the CPU may read the words before it, no run that began before the words may see it.
    private CommitResult Flip(ImageSlot slot, uint generation, IReadOnlyCollection<int>? changed, long started)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) _grace?.Wait();
        Volatile.Write(ref slot.Words[(int)ImageWord.Generation], generation);
        (_left, _free) = (generation, Task.FromResult(false));
        _control.Flip(generation);
        var took = Stopwatch.GetElapsedTime(started);
        _grace?.Wait();
        (_behind, _hurry) = (changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        _free = FreeLater(slot, _slots[~generation & 1], _hurry.Task);
        return new(generation, took);
    }

    private async Task<bool> FreeLater(ImageSlot now, ImageSlot? before, Task hurry)
    {
        await Task.WhenAny(Task.Delay(Linger), hurry).ConfigureAwait(false);
        if (before is not null) Volatile.Write(ref before.Words[(int)ImageWord.Generation], 0);
        try
        {
            _grace?.Wait();
            // Before a change needs it; who is in a hurry copies himself, or writes another image.
            if (before is not null && _behind is null && !hurry.IsCompleted && before.Fits(InUse(now.Words))) _behind = Copy(now.Words, before.Words);
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

    private ImageSlot CaughtUp(uint slot, ImageSlot now)
    {
        var room = Room(slot, InUse(now.Words));
        foreach (var at in _behind ?? Copy(now.Words, room.Words)) room.Words[at] = now.Words[at];
        return room;
    }

    /// <summary>Nothing is behind then; the copy is of no generation.</summary>
    private static int[] Copy(ReadOnlySpan<ulong> image, Span<ulong> room)
    {
        var count = InUse(image);
        image[..count].CopyTo(room);
        room[count..].Clear();
        room[(int)ImageWord.Generation] = 0;
        return [];
    }

    private static int InUse(ReadOnlySpan<ulong> image)
    {
        var (offset, count) = Section(image[(int)ImageWord.RuleIds]);
        return offset + (count + 1) / 2;
    }

    private static void Write(Span<ulong> image, ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds)
    {
        words.CopyTo(image);
        bind.CopyTo(image[words.Length..]);
        ruleIds.CopyTo(MemoryMarshal.Cast<ulong, uint>(image[(words.Length + bind.Length)..]));
        image[Total(words, bind, ruleIds)..].Clear();
        Complete(image, words, bind, ruleIds, 0);
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
        var words = image[..Section(image[(int)ImageWord.Bind]).Offset].ToArray();
        words[(int)ImageWord.Bind] = words[(int)ImageWord.RuleIds] = words[(int)ImageWord.Generation] = 0;
        return new(generation, words, BindOf(image).ToArray(), RuleIdsOf(image).ToArray());
    }

    private static ReadOnlySpan<ulong> BindOf(ReadOnlySpan<ulong> image)
    {
        var (offset, count) = Section(image[(int)ImageWord.Bind]);
        return image.Slice(offset, count);
    }

    private static ReadOnlySpan<uint> RuleIdsOf(ReadOnlySpan<ulong> image)
    {
        var (offset, count) = Section(image[(int)ImageWord.RuleIds]);
        return MemoryMarshal.Cast<ulong, uint>(image[offset..])[..count];
    }

    private static Mapping Map(KernelMap map) => new(map.Fd, (long)map.Info.MaxEntries * sizeof(ulong), writable: false);

    // SAFETY: the map's own number of entries; an image in force is not written.
    private static unsafe ReadOnlySpan<ulong> Words(Mapping memory, KernelMap map) => new(memory.Start, (int)map.Info.MaxEntries);

    private static ulong Section(int offset, int count) => (uint)offset | (ulong)count << 32;

    private static (int Offset, int Count) Section(ulong word) => ((int)(uint)word, (int)(word >> 32));
}
