using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary><c>struct statfs</c>: only the type is read; the rest is room for the kernel to write into.</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct StatFsBuffer
{
    public long Type;
}
