namespace Merlon.Cli.Commands.Lab;

/// <summary>Two measurements of a lab side by side.</summary>
internal sealed record ComparedMatrix(double Seconds, int Passed, int Failed, IReadOnlyList<ComparedCell> Cells);
