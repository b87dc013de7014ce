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
/// </remarks>
public sealed class ImageStore
{
    private const uint MapFlags = Bpf.FlagMmapable | Bpf.FlagInnerMap;
    private readonly KernelMap _images;
    private readonly ControlTable _control;
    private readonly Lock _gate = new();

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
            return new(generation, Stopwatch.GetElapsedTime(started));
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

    // SAFETY: the map's own number of entries; images are never written again once they are in force.
    private static unsafe ReadOnlySpan<ulong> Words(Mapping memory, KernelMap map) => new(memory.Start, (int)map.Info.MaxEntries);

    private static ulong Section(int offset, int count) => (uint)offset | (ulong)count << 32;

    private static (int Offset, int Count) Section(ulong word) => ((int)(uint)word, (int)(word >> 32));
}
