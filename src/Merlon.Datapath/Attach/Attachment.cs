namespace Merlon.Datapath.Attach;

/// <summary>An attachment that the pins name.</summary>
/// <param name="Incarnation">Of the port, as its record had it when it was attached.</param>
/// <param name="Live">False when a hook is missing or the interface went away and took the link with it.</param>
public sealed record Attachment(int Ifindex, uint Incarnation, AttachKind Kind, bool Live);
