using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary><c>union bpf_attr</c> for BPF_LINK_CREATE with the tcx member (kernel 6.6, unknown to libbpf 1.1).</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct LinkCreateAttributes
{
    [FieldOffset(0)] public uint ProgramFd;
    [FieldOffset(4)] public uint TargetIfindex;
    [FieldOffset(8)] public uint AttachType;
    [FieldOffset(12)] public uint Flags;
    [FieldOffset(16)] public uint RelativeFd;
    [FieldOffset(24)] public ulong ExpectedRevision;
}
