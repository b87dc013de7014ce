namespace Merlon.Agent.Sync;

/// <summary>A HostPolicy that cannot be put into the kernel; the one in force stays.</summary>
internal sealed class PolicyRefused(string message) : Exception(message);
