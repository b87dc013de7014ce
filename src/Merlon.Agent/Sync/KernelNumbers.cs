namespace Merlon.Agent.Sync;

/// <summary>Highest numbers in the kernel; a book that is behind them was lost or is old.</summary>
internal readonly record struct KernelNumbers(uint Vnic, uint Epoch);
