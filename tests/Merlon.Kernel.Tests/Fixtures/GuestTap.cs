using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Merlon.Datapath.Links;
using Merlon.Hosts.Tests.Hosts;
using Microsoft.Win32.SafeHandles;

namespace Merlon.Kernel.Tests.Fixtures;

/// <summary>A tap as a VMM holds it, virtio headers and all: the test chooses every byte that the guest's driver would.</summary>
internal sealed partial class GuestTap : IDisposable
{
    private const int Header = 10, Tap = 0x2, NoPacketInfo = 0x1000, VirtioHeader = 0x4000;
    private const uint SetInterface = 0x400454ca;
    private readonly SafeFileHandle _handle;

    public GuestTap(NetNamespace host, string name, string bridge = "br0")
    {
        (_handle, Ifindex) = host.Enter(() => (Open(name), LinkTable.Find(name)!.Ifindex));
        host.Ip("link", "set", name, "master", bridge, "up");
    }

    public int Ifindex { get; }

    /// <summary>The guest asks the host to write the checksum of what begins at <paramref name="start"/> at <paramref name="offset"/> behind it.</summary>
    public void Send(byte[] frame, int start, int offset)
    {
        if (!TrySend([1, 0, 0, 0, 0, 0, (byte)start, (byte)(start >> 8), (byte)offset, (byte)(offset >> 8)], frame))
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>False when the kernel takes no such header (virtio 1.2, 5.1.6; 10 bytes).</summary>
    public bool TrySend(byte[] header, byte[] frame)
    {
        byte[] whole = [.. header, .. frame];
        return write(_handle, whole, whole.Length) == whole.Length;
    }

    /// <summary>The next frame that waits for this guest; null when none does.</summary>
    public byte[]? Next(byte[] buffer) => read(_handle, buffer, buffer.Length) is > Header and var n ? buffer[Header..(int)n] : null;

    /// <summary>Waits until a frame waits for this guest, or for so long.</summary>
    public void Wait(TimeSpan patience)
    {
        var one = new PollEntry { Handle = (int)_handle.DangerousGetHandle(), Events = 1 /* POLLIN */ };
        _ = poll(ref one, 1, (int)patience.TotalMilliseconds);
    }

    /// <summary>The next frame for this guest that <paramref name="wanted"/> takes; null when none comes for a moment.</summary>
    public byte[]? Receive(Func<byte[], bool> wanted)
    {
        var buffer = new byte[2048];
        for (var wait = 0; wait < 8;)
        {
            var n = read(_handle, buffer, buffer.Length);
            if (n > Header && buffer[Header..(int)n] is var frame && wanted(frame)) return frame;
            if (n > 0) continue;
            Thread.Sleep(25);
            wait++;
        }
        return null;
    }

    public void Dispose() => _handle.Dispose();

    private static SafeFileHandle Open(string name)
    {
        var handle = new SafeFileHandle(open("/dev/net/tun", 0x802 /* O_RDWR | O_NONBLOCK */), ownsHandle: true);
        var request = new byte[40];
        Encoding.ASCII.GetBytes(name, request);
        BitConverter.TryWriteBytes(request.AsSpan(16), (short)(Tap | NoPacketInfo | VirtioHeader));
        return !handle.IsInvalid && ioctl(handle, SetInterface, request) == 0 ? handle : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle handle, nuint request, byte[] data);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle handle, byte[] buffer, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(ref PollEntry entries, nuint count, int milliseconds);

    private struct PollEntry
    {
        public int Handle;
        public short Events, Seen;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle handle, byte[] buffer, nint size);
}
