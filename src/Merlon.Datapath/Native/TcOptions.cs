using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary><c>struct bpf_tc_opts</c> of libbpf; Size is its own size, padding included.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TcOptions
{
    public nuint Size;
    public int ProgramFd;
    public uint Flags, ProgramId, Handle, Priority;
}
