using System.Runtime.InteropServices;

namespace Merlon.Libvirt.Native;

/// <summary>The functions of libvirt.so.0 that Merlon calls, and nothing else of it (libvirt-api.xml is the source; a test compares).</summary>
internal static unsafe partial class LibvirtNative
{
    internal const string Library = "libvirt.so.0";

    [LibraryImport(Library)]
    internal static partial int virInitialize();

    [LibraryImport(Library)]
    internal static partial int virEventRegisterDefaultImpl();

    [LibraryImport(Library)]
    internal static partial int virEventRunDefaultImpl();

    [LibraryImport(Library)]
    internal static partial void virSetErrorFunc(void* userData, delegate* unmanaged[Cdecl]<void*, void*, void> handler);

    [LibraryImport(Library)]
    internal static partial int virGetLastErrorCode();

    [LibraryImport(Library)]
    internal static partial byte* virGetLastErrorMessage();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint virConnectOpen(string name);

    [LibraryImport(Library)]
    internal static partial int virConnectClose(nint conn);

    [LibraryImport(Library)]
    internal static partial int virConnectIsAlive(nint conn);

    [LibraryImport(Library)]
    internal static partial int virConnectSetKeepAlive(nint conn, int interval, uint count);

    [LibraryImport(Library)]
    internal static partial byte* virConnectGetHostname(nint conn);

    [LibraryImport(Library)]
    internal static partial byte* virConnectGetCapabilities(nint conn);

    [LibraryImport(Library)]
    internal static partial int virConnectListAllDomains(nint conn, nint** domains, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint virDomainLookupByUUIDString(nint conn, string uuidstr);

    [LibraryImport(Library)]
    internal static partial byte* virDomainGetXMLDesc(nint domain, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint virDomainCreateXML(nint conn, string xmlDesc, uint flags);

    [LibraryImport(Library)]
    internal static partial int virDomainIsPersistent(nint dom);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int virDomainSetMetadata(nint domain, int type, string? metadata, string? key, string uri, uint flags);

    [LibraryImport(Library)]
    internal static partial int virDomainDestroy(nint domain);

    [LibraryImport(Library)]
    internal static partial int virDomainGetUUIDString(nint domain, byte* buf);

    [LibraryImport(Library)]
    internal static partial byte* virDomainGetName(nint domain);

    [LibraryImport(Library)]
    internal static partial int virDomainIsActive(nint dom);

    [LibraryImport(Library)]
    internal static partial int virDomainGetState(nint domain, int* state, int* reason, uint flags);

    [LibraryImport(Library)]
    internal static partial int virDomainFree(nint domain);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint virNetworkLookupByName(nint conn, string name);

    [LibraryImport(Library)]
    internal static partial byte* virNetworkGetBridgeName(nint network);

    [LibraryImport(Library)]
    internal static partial int virNetworkFree(nint network);

    [LibraryImport(Library)]
    internal static partial int virConnectDomainEventRegisterAny(
        nint conn, nint dom, int eventID, void* cb, void* opaque, void* freecb);

    [LibraryImport(Library)]
    internal static partial int virConnectDomainEventDeregisterAny(nint conn, int callbackID);

    [LibraryImport(Library)]
    internal static partial int virConnectRegisterCloseCallback(
        nint conn, delegate* unmanaged[Cdecl]<nint, int, void*, void> cb, void* opaque, void* freecb);

    [LibraryImport(Library)]
    internal static partial int virConnectUnregisterCloseCallback(
        nint conn, delegate* unmanaged[Cdecl]<nint, int, void*, void> cb);
}
