namespace Merlon.Agent.Guests;

/// <summary>One interface of a guest as this host sees it now.</summary>
/// <param name="Ifname">Null while the guest is off.</param>
/// <param name="CannotGuard">Null = can be guarded.</param>
internal sealed record GuestNic(
    int Index, string Mac, string Network, string? Ifname, IReadOnlyList<string> Addresses, string? CannotGuard);
