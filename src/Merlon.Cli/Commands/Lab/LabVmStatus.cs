namespace Merlon.Cli.Commands.Lab;

/// <summary>One VM of a lab.</summary>
/// <param name="State">running or off.</param>
/// <param name="Tap">Its interface in the host's namespace while it runs.</param>
/// <param name="Host">Where it runs; null = it is off.</param>
internal sealed record LabVmStatus(
    string Name, string Uuid, string? Tenant, IReadOnlyDictionary<string, string> Labels, string Mac,
    IReadOnlyList<string> Addresses, string State, string? Tap, string? Host);
