namespace Merlon.Agent.Sync;

/// <summary>Who claimed an address first.</summary>
internal sealed record BookOwner(string VmUuid, int Index);
