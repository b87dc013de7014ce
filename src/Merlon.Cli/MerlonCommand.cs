using System.CommandLine;
using System.CommandLine.Help;

namespace Merlon.Cli;

/// <summary>The whole command line.</summary>
internal static class MerlonCommand
{
    public static RootCommand Create()
    {
        var root = new RootCommand("Merlon, a distributed virtual firewall for KVM hosts");
        GlobalOptions.AddTo(root);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }
}
