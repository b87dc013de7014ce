using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Datapath.Native;

namespace Merlon.Datapath;

/// <summary>Descriptors of the pinned maps and programs, before anything is made of them.</summary>
internal sealed class Loaded(PinFolder pins, IReadOnlyList<string> notices) : IDisposable
{
    public PinFolder Pins { get; } = pins;

    public IReadOnlyList<string> Notices { get; } = notices;

    public Dictionary<string, KernelMap> Maps { get; } = [];

    public Dictionary<string, BpfFd> Programs { get; } = [];

    /// <summary>Digest of the object file when its programs were loaded just now; null when the pinned ones are in use.</summary>
    public byte[]? Fresh { get; set; }

    public KernelMap Map(string name) =>
        Maps.TryGetValue(name, out var map) ? map : throw Missing("map", name);

    public BpfFd Program(string name) =>
        Programs.TryGetValue(name, out var fd) ? fd : throw Missing("program", name);

    /// <summary>Says that pins, programs and links are all of the object that was just loaded.</summary>
    public void WriteMarker()
    {
        if (Fresh is null) return;
        var marker = new ProgramMarker { Abi = AbiLimits.Version };
        Fresh.CopyTo((Span<byte>)marker.Object);
        var pinned = Bpf.OpenPinned(Pins.Marker);
        using var map = new KernelMap("marker", pinned ?? Bpf.CreateMap(Bpf.MapTypeArray, "merlon_marker", sizeof(uint), 36, 1, 0));
        map.Update(0u, marker);
        if (pinned is null) Bpf.Pin(map.Fd, Pins.Marker);
    }

    public void Dispose()
    {
        foreach (var map in Maps.Values) map.Dispose();
        foreach (var program in Programs.Values) program.Dispose();
    }

    private static DatapathException Missing(string kind, string name) =>
        new("object-incomplete", $"the BPF object has no {kind} '{name}'", "reinstall Merlon, or build datapath/ again");
}
