using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary>The first words of <c>struct bpf_map_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MapInfo
{
    public uint Type, Id, KeySize, ValueSize, MaxEntries, MapFlags;
}
