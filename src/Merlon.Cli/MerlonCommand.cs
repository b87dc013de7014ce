using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Merlon.Cli.Commands;
using Merlon.Cli.Commands.Doctor;
using Merlon.Cli.Commands.Get;
using Merlon.Cli.Output;

namespace Merlon.Cli;

/// <summary>The whole command line.</summary>
internal static class MerlonCommand
{
    public static Task<int> Run(IReadOnlyList<string> args, CallConfiguration surroundings, CancellationToken cancel = default)
    {
        var parsed = Create(new Names(asking: null)).Parse(args);
        if (parsed.Action is not ParseErrorAction) return parsed.InvokeAsync(surroundings, cancel);
        foreach (var error in parsed.Errors) surroundings.Error.WriteLine(Printable.Line($"error: {error.Message}"));
        surroundings.Error.WriteLine($"see '{PathOf(parsed.CommandResult.Command)} --help'");
        return Task.FromResult(ExitCode.Error);
    }

    private static string PathOf(Command command) =>
        command is RootCommand ? "merlon" : $"{PathOf(command.Parents.OfType<Command>().First())} {command.Name}";

    public static RootCommand Create(Names names)
    {
        var root = new RootCommand("Merlon, a distributed virtual firewall for KVM hosts")
        {
            CheckCommand.Create(),
            PlanCommand.Create(),
            ApplyCommand.Create(),
            ConfirmCommand.Create(),
            RollbackCommand.Create(),
            DeleteCommand.Create(names),
            IsolateCommand.Create(names),
            GetCommand.Create(names),
            DescribeCommand.Create(names),
            DiffCommand.Create(),
            ExplainCommand.Create(names),
            AccessCommand.Create(),
            ProveCommand.Create(),
            TestCommand.Create(),
            FlowsCommand.Create(names),
            StatusCommand.Create(),
            DoctorCommand.Create(),
            AttachCommand.Create(),
            AttachCommand.CreateDetach(),
            TraceCommand.Create(names),
            CaptureCommand.Create(),
            TopCommand.Create(),
            Commands.Lab.LabCommand.Create(),
            CompletionCommand.Create(),
            CompletionCommand.CreateComplete(Create),
        };
        root.HelpName = "merlon";
        GlobalOptions.AddTo(root);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }
}
