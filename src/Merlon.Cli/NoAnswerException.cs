namespace Merlon.Cli;

/// <summary>Nobody answers where the controller or the agent should be.</summary>
internal sealed class NoAnswerException(string message, string mend) : CliException(message, mend);
