namespace Merlon.Agent.Guests;

/// <summary>A network interface of the host.</summary>
/// <param name="Master">Its bridge; null = none.</param>
internal sealed record HostLink(int Ifindex, string Name, string? Master);
