namespace Merlon.Cli;

/// <summary>Ends a verb: one line on stderr with the mend, and an exit code.</summary>
internal class CliException(string message, string? mend = null, int exitCode = ExitCode.Error) : Exception(message)
{
    public string? Mend { get; } = mend;

    public int Code { get; } = exitCode;
}
