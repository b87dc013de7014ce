namespace Merlon.Agent.Sync;

/// <summary>The kernel refused a step; the message says which and why.</summary>
internal sealed class KernelFault(string message, Exception? inner) : Exception(message, inner);
