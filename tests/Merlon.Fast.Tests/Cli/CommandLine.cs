using Merlon.Cli;
using Merlon.Cli.Commands.Doctor;

namespace Merlon.Fast.Tests.Cli;

/// <summary>Runs the command line in this process, in surroundings of the test's choice.</summary>
internal static class CommandLine
{
    /// <summary>An environment in which nothing is installed: the instance has no files.</summary>
    public static Dictionary<string, string> Nothing { get; } = new() { ["MERLON_INSTANCE"] = "nothing-of-this-name" };

    public static Task<Said> Run(params string[] args) => Run(Nothing, args);

    public static Task<Said> Run(IReadOnlyDictionary<string, string> environment, params string[] args) =>
        Run(environment, new PretendedMachine(), CancellationToken.None, args);

    public static async Task<Said> Run(
        IReadOnlyDictionary<string, string> environment, IMachine machine, CancellationToken cancel, params string[] args)
    {
        using StringWriter output = new(), error = new();
        var surroundings = new CallConfiguration
        {
            Environment = name => environment.GetValueOrDefault(name),
            Machine = machine,
            Terminal = false,
            Output = output,
            Error = error,
        };
        var code = await MerlonCommand.Run(args, surroundings, cancel);
        return new(code, output.ToString(), error.ToString());
    }
}
