namespace Merlon.Agent.Sync;

/// <summary>Numbers that connection entries still carry.</summary>
internal sealed record KernelUse(IReadOnlySet<uint> Vnics, IReadOnlySet<uint> Rules);
