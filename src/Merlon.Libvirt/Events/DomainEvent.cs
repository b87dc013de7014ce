namespace Merlon.Libvirt.Events;

/// <summary>
/// One event of a libvirt connection. Uuid and Name are null for ConnectionClosed. Detail is the device alias,
/// the metadata namespace, or why the connection closed (error, end-of-file, keepalive, client).
/// </summary>
public sealed record DomainEvent(DomainEventKind Kind, string? Uuid, string? Name, string? Detail);
