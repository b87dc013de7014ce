namespace Merlon.Agent.Sync;

/// <summary>Numbers that connection entries still carry.</summary>
/// <param name="Vms">Those that are charged for an element of a table, over or not.</param>
internal sealed record KernelUse(IReadOnlySet<uint> Vnics, IReadOnlySet<uint> Rules, IReadOnlySet<ushort> Vms);
