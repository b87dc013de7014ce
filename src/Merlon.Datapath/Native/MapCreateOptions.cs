using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary><c>struct bpf_map_create_opts</c> of libbpf; Size is its own size, padding included.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MapCreateOptions
{
    public nuint Size;
    public uint BtfFd, BtfKeyTypeId, BtfValueTypeId, BtfVmlinuxValueTypeId, InnerMapFd, MapFlags;
    public ulong MapExtra;
    public uint NumaNode, MapIfindex;
}
