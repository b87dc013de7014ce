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

    /// <summary>The image in force; null when none was committed yet.</summary>
    public LoadedImage? ReadBack()
    {
        lock (_gate)
        {
            var generation = _control.Generation;
            if (generation == 0 || !_images.TryLookup(generation & 1, out uint id)) return null;
            using var map = new KernelMap("image", new(BpfError.Check(LibBpf.MapById(id), "map-open", "opening the active image")));
            return Read(map, generation);
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

    private static unsafe BpfFd Fill(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds, uint generation)
    {
        var bindAt = words.Length;
        var rulesAt = bindAt + bind.Length;
        var total = rulesAt + (ruleIds.Length + 1) / 2;
        var map = Bpf.CreateMap(Bpf.MapTypeArray, "merlon_image", sizeof(uint), sizeof(ulong), (uint)total, MapFlags);
        using var memory = new Mapping(map, (long)total * sizeof(ulong), writable: true);
        // SAFETY: the mapping holds total words and nobody else sees it before it is in the images map.
        var image = new Span<ulong>(memory.Start, total);
        words.CopyTo(image);
        bind.CopyTo(image[bindAt..]);
        ruleIds.CopyTo(MemoryMarshal.Cast<ulong, uint>(image[rulesAt..]));
        image[(int)ImageWord.Bind] = Section(bindAt, bind.Length);
        image[(int)ImageWord.RuleIds] = Section(rulesAt, ruleIds.Length);
        image[(int)ImageWord.Generation] = generation;
        return map;
    }

    private static unsafe LoadedImage Read(KernelMap map, uint generation)
    {
        using var memory = new Mapping(map.Fd, (long)map.Info.MaxEntries * sizeof(ulong), writable: false);
        // SAFETY: the map's own number of entries; images are never written again once they are in force.
        var image = new ReadOnlySpan<ulong>(memory.Start, (int)map.Info.MaxEntries);
        var (bindAt, binds) = Section(image[(int)ImageWord.Bind]);
        var (rulesAt, rules) = Section(image[(int)ImageWord.RuleIds]);
        var words = image[..bindAt].ToArray();
        words[(int)ImageWord.Bind] = words[(int)ImageWord.RuleIds] = words[(int)ImageWord.Generation] = 0;
        return new(generation, words, image.Slice(bindAt, binds).ToArray(), MemoryMarshal.Cast<ulong, uint>(image[rulesAt..])[..rules].ToArray());
    }

    private static ulong Section(int offset, int count) => (uint)offset | (ulong)count << 32;

    private static (int Offset, int Count) Section(ulong word) => ((int)(uint)word, (int)(word >> 32));
}
