namespace Merlon.Agent.Guests;

/// <summary>A network interface of the host.</summary>
/// <param name="Master">Its bridge; null = none.</param>
/// <param name="Domain">Interfaces of one number: the bridge carries plain frames between them and looks at nothing but MAC addresses. 0 = none.</param>
internal sealed record HostLink(int Ifindex, string Name, string? Master, uint Domain = 0, int Mtu = 0);
