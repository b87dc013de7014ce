namespace Merlon.Agent.Guests;

/// <summary>A VM of this host, from libvirt or attached by hand.</summary>
/// <param name="Tenant">Null = not stated.</param>
internal sealed record Guest(
    string Uuid, string Name, string? Tenant, IReadOnlyDictionary<string, string> Labels, bool Running, bool ByHand,
    IReadOnlyList<GuestNic> Nics);
