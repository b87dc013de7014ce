namespace Merlon.Agent.Sync;

/// <summary>Who is behind a MAC.</summary>
internal readonly record struct MacHolder(uint Ifindex, uint Vnic);
