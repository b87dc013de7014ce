using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary>The first words of <c>struct bpf_link_info</c>, with the tcx member of its union.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct LinkInfo
{
    [FieldOffset(0)] public uint Type;
    [FieldOffset(4)] public uint Id;
    [FieldOffset(8)] public uint ProgramId;

    // The union holds 64-bit members, so it starts at 16.
    [FieldOffset(16)] public uint Ifindex;
    [FieldOffset(20)] public uint AttachType;
}
