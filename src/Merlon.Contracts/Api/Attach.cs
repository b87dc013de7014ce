namespace Merlon.Contracts.Api;

/// <summary>POST /v1/attach at the agent's socket: guard an interface that libvirt does not know.</summary>
/// <param name="Mac">The guest's MAC (not the host side's); null = learned is later work, so it is required for enforce.</param>
/// <param name="Network">Bridge name; null = the interface's master.</param>
public sealed record AttachRequest(string Ifname, string Vm, string? Tenant, IReadOnlyDictionary<string, string>? Labels, string? Mac, IReadOnlyList<string>? Addresses, string? Network);

/// <summary>DELETE /v1/attach/{ifname}, and the answer to attach.</summary>
public sealed record AttachResult(string Ifname, string Vm, string VmUuid, bool Attached, double Ms);
