namespace Merlon.Agent.Sync;

/// <summary>A vNIC that left; its name is kept for what still carries its number.</summary>
internal sealed record RetiredNic(uint Vnic, string VmUuid, int Index, string Vm, string Tenant);
