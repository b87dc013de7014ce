namespace Merlon.Fast.Tests.Cli;

/// <summary>What a run of the command line left.</summary>
internal sealed record Said(int Code, string Out, string Error);
