using System.Diagnostics;
using System.Runtime.InteropServices;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Maps;

/// <summary>Map <c>images</c>: two generations of the compiled policy, swapped by one store to control.generation.</summary>
/// <remarks>
/// Grace periods come from the map-in-map update itself: since Linux 5.0 the syscall waits until every program that may
/// have seen the old inner map has ended (maybe_wait_bpf_programs). Commit does two such updates: one that fills the
/// inactive slot, and, after the flip, one that puts the new image into its own slot again. When it returns, no packet
/// is still judged by the generation before, so the next commit may overwrite that slot.
/// <para>
/// A change writes a few words into the twin, the map of the inactive slot, and flips. Nobody reads a twin while it is written: it stands under
/// no generation, and a grace period has passed since it lost its own. After the flip the two change places.
/// </para>
/// </remarks>
public sealed class ImageStore : IDisposable
{
    private const uint MapFlags = Bpf.FlagMmapable | Bpf.FlagInnerMap;
    private readonly KernelMap _images;
    private readonly ControlTable _control;
    private readonly Lock _gate = new();

    /// <summary>The generation that was left here in force; another one is another process's.</summary>
    private uint _left;

    /// <summary>Null = the map in the other slot is no twin of the one in force.</summary>
    private Twins? _twins;

    internal ImageStore(KernelMap images, ControlTable control) => (_images, _control) = (images, control);

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
            var generation = Next(_control.Generation);
            using var map = Fill(words, bind, ruleIds, generation);
            var slot = generation & 1;
            _images.Update(slot, (int)map.DangerousGetHandle());
            _control.Flip(generation);
            _images.Update(slot, (int)map.DangerousGetHandle());
            Leave(generation);
            return new(generation, Stopwatch.GetElapsedTime(started));
        }
    }

    /// <summary>Puts into force the image that is in force with some of its words, and all bind words, written anew, whole or not at all. The first
    /// change after a commit copies the image once; each waits until the next can be made.</summary>
    /// <param name="words">By place in the pure image; not the header's.</param>
    /// <param name="bind">As many as are in force.</param>
    /// <returns>Null = what is in force is not what was left here, or has other slots.</returns>
    public CommitResult? Change(IReadOnlyDictionary<int, ulong> words, ReadOnlySpan<ulong> bind)
    {
        var started = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            var before = _control.Generation;
            if (before == 0 || before != _left) return null;
            var twins = _twins ??= MakeTwins(before & 1);
            var generation = Next(before);
            if (!Write(twins.Words(generation & 1), twins.Behind, words, bind, generation)) return null;
            _left = generation;
            _control.Flip(generation);
            var took = Stopwatch.GetElapsedTime(started);
            Silence(twins, before & 1);
            twins.Behind = new Dictionary<int, ulong>(words);
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
            if (map is null || map.Info.MaxEntries != Total(words, bind, ruleIds)) return false;
            using var memory = Map(map);
            var image = Words(memory, map);
            Span<ulong> header = stackalloc ulong[AbiLimits.ImageHeaderWords];
            words[..header.Length].CopyTo(header);
            Complete(header, words, bind, ruleIds, generation);
            var (bindAt, rulesAt) = (words.Length, words.Length + bind.Length);
            var same = image[..header.Length].SequenceEqual(header) && image[header.Length..bindAt].SequenceEqual(words[header.Length..])
                && image[bindAt..rulesAt].SequenceEqual(bind) && MemoryMarshal.Cast<ulong, uint>(image[rulesAt..])[..ruleIds.Length].SequenceEqual(ruleIds);
            if (same && generation != _left) Leave(generation);
            return same;
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
        return generation == 0 ? null : OpenSlot(generation & 1);
    }

    private KernelMap? OpenSlot(uint slot) => _images.TryLookup(slot, out uint id)
        ? new("image", new(BpfError.Check(LibBpf.MapById(id), "map-open", "opening an image"))) : null;

    private void Leave(uint generation)
    {
        _twins?.Dispose();
        (_left, _twins) = (generation, null);
    }

    // Takes the other slot from the image before, which nobody reads any more once the update has returned.
    private Twins MakeTwins(uint slot)
    {
        var active = OpenSlot(slot) ?? throw new DatapathException("image-lost", "the image in force is not there", StaleAbi.Mend);
        var other = new KernelMap("image", Bpf.CreateMap(Bpf.MapTypeArray, "merlon_image", sizeof(uint), sizeof(ulong), active.Info.MaxEntries, MapFlags));
        var twins = new Twins(slot, active, other);
        twins.Words(slot).CopyTo(twins.Words(slot ^ 1));
        twins.Words(slot ^ 1)[(int)ImageWord.Generation] = 0;
        _images.Update(slot ^ 1, twins.Fd(slot ^ 1));
        return twins;
    }

    // A packet between its hooks ends under the generation it met first; then that one is no more, and nobody reads its image.
    private void Silence(Twins twins, uint slot)
    {
        try
        {
            _images.Update(slot, twins.Fd(slot));
            Volatile.Write(ref twins.Words(slot)[(int)ImageWord.Generation], 0);
            _images.Update(slot, twins.Fd(slot));
        }
        catch
        {
            Leave(_left);
            throw;
        }
    }

    private static bool Write(
        Span<ulong> image, IReadOnlyDictionary<int, ulong> behind, IReadOnlyDictionary<int, ulong> words, ReadOnlySpan<ulong> bind, uint generation)
    {
        var (bindAt, binds) = Section(image[(int)ImageWord.Bind]);
        if (binds != bind.Length) return false;
        foreach (var (at, word) in behind) image[at] = word;
        foreach (var (at, word) in words) image[at] = word;
        bind.CopyTo(image[bindAt..]);
        Volatile.Write(ref image[(int)ImageWord.Generation], generation);
        return true;
    }

    public void Dispose() => Leave(_left);

    private static unsafe BpfFd Fill(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds, uint generation)
    {
        var total = Total(words, bind, ruleIds);
        var map = Bpf.CreateMap(Bpf.MapTypeArray, "merlon_image", sizeof(uint), sizeof(ulong), (uint)total, MapFlags);
        using var memory = new Mapping(map, (long)total * sizeof(ulong), writable: true);
        // SAFETY: the mapping holds total words and nobody else sees it before it is in the images map.
        var image = new Span<ulong>(memory.Start, total);
        words.CopyTo(image);
        bind.CopyTo(image[words.Length..]);
        ruleIds.CopyTo(MemoryMarshal.Cast<ulong, uint>(image[(words.Length + bind.Length)..]));
        Complete(image, words, bind, ruleIds, generation);
        return map;
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

    // SAFETY: the map's own number of entries; an image in force is never written.
    private static unsafe ReadOnlySpan<ulong> Words(Mapping memory, KernelMap map) => new(memory.Start, (int)map.Info.MaxEntries);

    private static ulong Section(int offset, int count) => (uint)offset | (ulong)count << 32;

    private static (int Offset, int Count) Section(ulong word) => ((int)(uint)word, (int)(word >> 32));
}
