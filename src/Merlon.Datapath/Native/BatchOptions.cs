using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary><c>struct bpf_map_batch_opts</c> of libbpf; Size is its own size, padding included.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BatchOptions
{
    public nuint Size;
    public ulong ElementFlags, Flags;
}
