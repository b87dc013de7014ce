using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary>A file descriptor of a map, program, link or ring, closed once.</summary>
internal sealed class BpfFd : SafeHandle
{
    public BpfFd() : base(-1, true) { }

    public BpfFd(int fd, bool owned = true) : base(-1, owned) => SetHandle(fd);

    public int Number => (int)handle;

    public override bool IsInvalid => handle < 0;

    // SAFETY: the handle is a descriptor that this object alone owns; SafeHandle calls this once.
    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}
