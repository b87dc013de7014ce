namespace Merlon.Agent.Sync;

/// <summary>Whose a vNIC number is.</summary>
internal sealed record NicName(string Vm, string VmUuid, int Index, string Tenant);
