namespace Merlon.Cli.Commands.Lab;

/// <summary>A VM that was moved, live.</summary>
/// <param name="Seconds">The whole move.</param>
/// <param name="DowntimeMs">How long the VM stood still, as QEMU measured it.</param>
internal sealed record LabMove(string Vm, string From, string To, double Seconds, long DowntimeMs);
