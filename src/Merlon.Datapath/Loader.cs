using System.Security.Cryptography;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Datapath.Native;

namespace Merlon.Datapath;

/// <summary>Brings the kernel from whatever the pins say to the given object file, without losing a live entry.</summary>
internal sealed class Loader(DatapathOptions options)
{
    private static readonly string[] s_sharedMemory = ["control", "budgets", "pools"];
    private const uint TurnsMore = 1024; // TURNS_MORE of datapath/maps.h
    private readonly PinFolder _pins = new(options.BpffsFolder);
    private readonly List<string> _notices = [];

    public Loaded Open()
    {
        var digest = Digest();
        _pins.Create();
        var marker = ReadMarker();
        RequireSameAbi(marker);
        var same = marker is { } m && ((ReadOnlySpan<byte>)m.Object).SequenceEqual(digest);
        if (same && Reuse() is { } reused) return reused;
        if (options.ReuseOnly) throw new DatapathException("other-program", "the agent that runs has another program in the kernel, or none yet", "restart merlon-agent");
        if (marker is null) DropHalfMade();
        return Load(digest);
    }

    private byte[] Digest()
    {
        if (!File.Exists(options.ObjectPath))
            throw new DatapathException("object-missing", $"the BPF object {options.ObjectPath} is missing", "reinstall Merlon, build it (./dev build), or name the file with --object");
        return SHA256.HashData(File.ReadAllBytes(options.ObjectPath));
    }

    private ProgramMarker? ReadMarker()
    {
        if (Bpf.OpenPinned(_pins.Marker) is not { } fd) return null;
        using var map = new KernelMap("marker", fd);
        return map.TryLookup(0u, out ProgramMarker marker) ? marker : null;
    }

    private void RequireSameAbi(ProgramMarker? marker)
    {
        if (marker is { } m) Require(m.Abi, "marker");
        // Control is written before the marker: 0 without one is a folder that was left half made, with one it is another's.
        if (PinnedAbi() is { } control && (control != 0 || marker is not null)) Require(control, "control map");
    }

    private void Require(uint abi, string what)
    {
        if (abi != AbiLimits.Version)
            throw new DatapathException("stale-abi", $"the pins in {options.BpffsFolder} are of ABI {abi} ({what}), this build has {AbiLimits.Version}", StaleAbi.Mend);
    }

    private uint? PinnedAbi()
    {
        if (Bpf.OpenPinned(_pins.Map("control")) is not { } fd) return null;
        using var map = new KernelMap("control", fd);
        return map.TryLookup(0u, out ControlRecord control) ? control.Abi : null;
    }

    // No marker: an Open was killed before its end, so no interface was ever attached through these pins.
    private void DropHalfMade()
    {
        if (Directory.GetFiles(_pins.Links).Length > 0)
            throw new DatapathException("stale-abi", $"{options.BpffsFolder} has links but no version marker", StaleAbi.Mend);
        _pins.Clear();
        _pins.Create();
    }

    private Loaded? Reuse()
    {
        using var file = ObjectFile.Open(options.ObjectPath);
        var loaded = new Loaded(_pins, _notices);
        foreach (var name in file.Maps().Keys)
            if (Bpf.OpenPinned(_pins.Map(name)) is { } fd) loaded.Maps[name] = new(name, fd);
        foreach (var name in file.Programs().Keys)
            if (Bpf.OpenPinned(_pins.Program(name)) is { } fd) loaded.Programs[name] = fd;
        if (loaded.Maps.Count == file.Maps().Count && loaded.Programs.Count == file.Programs().Count) return loaded;
        loaded.Dispose();
        return null;
    }

    private Loaded Load(byte[] digest)
    {
        using var file = ObjectFile.Open(options.ObjectPath);
        var kept = new List<BpfFd>();
        try
        {
            foreach (var (name, map) in file.Maps()) Prepare(name, map, kept);
            file.Load();
        }
        finally
        {
            // libbpf keeps its own copies of the descriptors it reuses.
            foreach (var fd in kept) fd.Dispose();
        }
        Invalidate();
        var loaded = new Loaded(_pins, _notices);
        foreach (var (name, map) in file.Maps()) loaded.Maps[name] = new(name, PinMap(name, map));
        foreach (var (name, program) in file.Programs()) loaded.Programs[name] = PinProgram(name, program);
        loaded.Fresh = digest;
        return loaded;
    }

    // From here the pinned programs may be newer than the marker says; after a kill the old object must not pass for loaded.
    private void Invalidate()
    {
        if (Bpf.OpenPinned(_pins.Marker) is not { } fd) return;
        using var map = new KernelMap("marker", fd);
        map.Update(0u, new ProgramMarker { Abi = AbiLimits.Version });
    }

    private void Prepare(string name, nint map, List<BpfFd> kept)
    {
        if (s_sharedMemory.Contains(name)) _ = LibBpf.MapSetFlags(map, LibBpf.MapFlags(map) | Bpf.FlagMmapable);
        if (Wanted(name) is { } entries) _ = LibBpf.MapSetMaxEntries(map, entries);
        if (Bpf.OpenPinned(_pins.Map(name)) is not { } fd) return;
        kept.Add(fd);
        RequireShape(name, map, Bpf.Info<MapInfo>(fd));
        BpfError.Check(LibBpf.MapReuse(map, fd), "map-reuse", $"reusing map {name}");
    }

    private uint? Wanted(string name) => name switch
    {
        "conn4" => (uint)options.Connections4,
        "conn6" => (uint)options.Connections6,
        "half4" or "half6" => (uint)options.HalfOpen,
        "turns_conn4" => (uint)options.Connections4 + TurnsMore,
        "turns_conn6" => (uint)options.Connections6 + TurnsMore,
        "turns_half4" or "turns_half6" => (uint)options.HalfOpen + TurnsMore,
        "rings" => (uint)Cpus.Possible,
        _ => null,
    };

    private void RequireShape(string name, nint map, MapInfo pinned)
    {
        if (pinned.Type != LibBpf.MapType(map) || pinned.KeySize != LibBpf.MapKeySize(map)
            || pinned.ValueSize != LibBpf.MapValueSize(map) || pinned.MapFlags != LibBpf.MapFlags(map))
            throw new DatapathException("stale-abi", $"pinned map {name} has another shape than this build's", StaleAbi.Mend);
        // A table's size cannot change under live entries; they are worth more than the new number. Its turns go by it.
        if (!name.StartsWith("turns_", StringComparison.Ordinal) && pinned.MaxEntries != LibBpf.MapMaxEntries(map))
            _notices.Add($"map {name} keeps {pinned.MaxEntries} entries (configured: {LibBpf.MapMaxEntries(map)}) until its pins are removed");
    }

    private BpfFd PinMap(string name, nint map)
    {
        if (Bpf.OpenPinned(_pins.Map(name)) is { } already) return already;
        using var borrowed = new BpfFd(LibBpf.MapFd(map), owned: false);
        Bpf.Pin(borrowed, _pins.Map(name));
        return Bpf.OpenPinned(_pins.Map(name))!;
    }

    private BpfFd PinProgram(string name, nint program)
    {
        using var borrowed = new BpfFd(LibBpf.ProgramFd(program), owned: false);
        PinFolder.Replace(borrowed, _pins.Program(name));
        return Bpf.OpenPinned(_pins.Program(name))!;
    }
}
