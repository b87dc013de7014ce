namespace Merlon.Libvirt.Native;

/// <summary>Reads what a virDomainPtr says without asking libvirtd.</summary>
internal static unsafe class DomainHandle
{
    private const int UuidStringBuffer = 37; // VIR_UUID_STRING_BUFLEN

    internal static string UuidOf(nint domain)
    {
        var buffer = stackalloc byte[UuidStringBuffer];
        return LibvirtNative.virDomainGetUUIDString(domain, buffer) == 0
            ? NativeText.Borrowed(buffer)!
            : throw LibvirtException.Last("read a VM's UUID");
    }

    internal static string? NameOf(nint domain) => NativeText.Borrowed(LibvirtNative.virDomainGetName(domain));
}
