namespace Merlon.Agent.Sync;

/// <summary>Until when a vNIC takes in connections that ran before it was guarded: kept, so that no later agent begins anew.</summary>
/// <param name="Boot">Of the host: on another boot it means nothing.</param>
/// <param name="UntilNs">Boot clock.</param>
/// <param name="Ifindex">Interface of the VM that ran. A start, a revert and an arrival make another one.</param>
internal sealed record BookAdoption(string Boot, ulong UntilNs, int Ifindex);
