using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Merlon.Libvirt.Native;

namespace Merlon.Libvirt.Events;

/// <summary>Registers for the events of one connection and writes them to a channel in the order libvirt sent them.</summary>
internal sealed unsafe class DomainEventSource : IDisposable
{
    internal const int Lifecycle = 0, DeviceRemoved = 15, DeviceAdded = 19, MetadataChange = 23;

    // libvirt may still be inside a callback while the connection is being disposed: callbacks carry a number that
    // is looked up here, never a handle that could have been freed.
    private static readonly ConcurrentDictionary<nint, DomainEventSource> Live = new();
    private static long _lastId;

    private readonly Channel<DomainEvent> _channel = Channel.CreateUnbounded<DomainEvent>();
    private readonly List<int> _callbacks = [];
    private readonly nint _connection;
    private readonly nint _id = (nint)Interlocked.Increment(ref _lastId);

    internal DomainEventSource(nint connection)
    {
        _connection = connection;
        Live[_id] = this;
        try
        {
            if (LibvirtNative.virConnectRegisterCloseCallback(connection, &OnClosed, (void*)_id, null) < 0)
                throw LibvirtException.Last("register the close callback");
            Register(Lifecycle, (delegate* unmanaged[Cdecl]<nint, nint, int, int, void*, int>)&OnLifecycle);
            Register(DeviceAdded, (delegate* unmanaged[Cdecl]<nint, nint, byte*, void*, void>)&OnDeviceAdded);
            Register(DeviceRemoved, (delegate* unmanaged[Cdecl]<nint, nint, byte*, void*, void>)&OnDeviceRemoved);
            Register(MetadataChange, (delegate* unmanaged[Cdecl]<nint, nint, int, byte*, void*, void>)&OnMetadata);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal ChannelReader<DomainEvent> Reader => _channel.Reader;

    public void Dispose()
    {
        foreach (var callback in _callbacks)
            _ = LibvirtNative.virConnectDomainEventDeregisterAny(_connection, callback);
        _callbacks.Clear();
        _ = LibvirtNative.virConnectUnregisterCloseCallback(_connection, &OnClosed);
        Live.TryRemove(_id, out _);
        _channel.Writer.TryComplete();
    }

    private void Register(int eventId, void* callback)
    {
        var id = LibvirtNative.virConnectDomainEventRegisterAny(_connection, 0, eventId, callback, (void*)_id, null);
        if (id < 0)
            throw LibvirtException.Last($"register for domain event {eventId}");
        _callbacks.Add(id);
    }

    private static void Write(void* opaque, DomainEventKind kind, nint domain, string? detail)
    {
        if (!Live.TryGetValue((nint)opaque, out var source))
            return;
        string? uuid = null, name = null;
        if (domain != 0)
        {
            uuid = DomainHandle.UuidOf(domain);
            name = DomainHandle.NameOf(domain);
        }

        source._channel.Writer.TryWrite(new DomainEvent(kind, uuid, name, detail));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnLifecycle(nint conn, nint domain, int kind, int detail, void* opaque)
    {
        Write(opaque, (DomainEventKind)kind, domain, null);
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnDeviceAdded(nint conn, nint domain, byte* alias, void* opaque) =>
        Write(opaque, DomainEventKind.DeviceAdded, domain, NativeText.Borrowed(alias));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnDeviceRemoved(nint conn, nint domain, byte* alias, void* opaque) =>
        Write(opaque, DomainEventKind.DeviceRemoved, domain, NativeText.Borrowed(alias));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnMetadata(nint conn, nint domain, int type, byte* uri, void* opaque) =>
        Write(opaque, DomainEventKind.MetadataChanged, domain, NativeText.Borrowed(uri));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnClosed(nint conn, int reason, void* opaque) =>
        Write(opaque, DomainEventKind.ConnectionClosed, 0, reason switch
        {
            0 => "error",
            1 => "end-of-file",
            2 => "keepalive",
            _ => "client",
        });
}
