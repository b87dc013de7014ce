using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary><c>union bpf_attr</c> for BPF_PROG_QUERY as of kernel 6.6 (with link ids).</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct QueryAttributes
{
    [FieldOffset(0)] public uint TargetIfindex;
    [FieldOffset(4)] public uint AttachType;
    [FieldOffset(8)] public uint QueryFlags;
    [FieldOffset(12)] public uint AttachFlags;
    [FieldOffset(16)] public ulong ProgramIds;
    [FieldOffset(24)] public uint Count;
    [FieldOffset(32)] public ulong ProgramAttachFlags;
    [FieldOffset(40)] public ulong LinkIds;
    [FieldOffset(48)] public ulong LinkAttachFlags;
    [FieldOffset(56)] public ulong Revision;
}
