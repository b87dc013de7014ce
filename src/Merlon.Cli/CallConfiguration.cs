using System.CommandLine;
using Merlon.Cli.Commands.Doctor;

namespace Merlon.Cli;

/// <summary>What a verb takes from its surroundings, so that tests can give other ones.</summary>
internal sealed class CallConfiguration : InvocationConfiguration
{
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>Stdout is a terminal: colours, and tables as wide as it.</summary>
    public bool Terminal { get; init; } = !Console.IsOutputRedirected;

    /// <summary>What doctor examines.</summary>
    public IMachine Machine { get; init; } = new LiveMachine();
}
