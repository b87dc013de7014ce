namespace Merlon.Libvirt.Events;

/// <summary>What happened; the first nine are libvirt's virDomainEventType, same numbers.</summary>
public enum DomainEventKind
{
    Defined = 0,
    Undefined = 1,
    Started = 2,
    Suspended = 3,
    Resumed = 4,
    Stopped = 5,
    Shutdown = 6,
    PmSuspended = 7,
    Crashed = 8,
    DeviceAdded = 100,
    DeviceRemoved = 101,
    MetadataChanged = 102,
    ConnectionClosed = 103,
}
