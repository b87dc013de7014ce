using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary><c>struct bpf_tc_hook</c> of libbpf; Size is its own size, padding included.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TcHook
{
    public nuint Size;
    public int Ifindex;
    public uint AttachPoint;
    public uint Parent;
}
