using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary>Memory shared with the kernel: a map's values or a ring's pages.</summary>
internal sealed unsafe class Mapping : IDisposable
{
    private const int ReadOnlyProtection = 1, ReadWriteProtection = 3, Shared = 1;
    private nint _address;
    private readonly nuint _length;

    public Mapping(SafeHandle fd, long length, bool writable, long offset = 0)
    {
        _length = (nuint)length;
        // SAFETY: a fresh mapping at an address of the kernel's choice; nothing else uses it before this returns.
        var at = Libc.Map(0, _length, writable ? ReadWriteProtection : ReadOnlyProtection, Shared, fd, offset);
        if (at == -1) throw BpfError.Of("mmap-failed", "mapping kernel memory", -Marshal.GetLastPInvokeError());
        _address = at;
    }

    public byte* Start => _address != 0 ? (byte*)_address : throw new ObjectDisposedException(nameof(Mapping));

    public void Dispose()
    {
        var at = Interlocked.Exchange(ref _address, 0);
        // SAFETY: unmapped once; Start refuses from here on.
        if (at != 0) _ = Libc.Unmap(at, _length);
    }
}
