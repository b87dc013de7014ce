namespace Merlon.Agent.Guests;

/// <summary>A network interface of the host.</summary>
/// <param name="Master">Its bridge; null = none.</param>
/// <param name="Domain">Interfaces of one number: one bridge carries frames between them and hands them to no filter. 0 = none.</param>
/// <param name="Plain">It and its bridge carry every plain frame, by nothing but its MAC addresses.</param>
internal sealed record HostLink(int Ifindex, string Name, string? Master, uint Domain = 0, int Mtu = 0, bool Plain = false);
