using System.Runtime.InteropServices;

namespace Merlon.Libvirt.Native;

/// <summary>The function of libvirt-qemu.so.0 that Merlon calls (libvirt-qemu-api.xml).</summary>
internal static unsafe partial class LibvirtQemuNative
{
    [LibraryImport("libvirt-qemu.so.0", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int virDomainQemuMonitorCommand(nint domain, string cmd, byte** result, uint flags);
}
