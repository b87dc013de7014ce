namespace Merlon.Cli.Commands.Lab;

/// <summary>What the VMs of a lab measured of each other.</summary>
internal sealed record ConnectivityMatrix(double Seconds, IReadOnlyList<MatrixCell> Cells);
