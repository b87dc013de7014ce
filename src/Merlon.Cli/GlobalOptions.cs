using System.CommandLine;

namespace Merlon.Cli;

/// <summary>Options that every verb takes.</summary>
internal static class GlobalOptions
{
    public const string InstanceName = "--instance";
    public const string OutputName = "--output";
    public const string NoColorName = "--no-color";

    public static void AddTo(RootCommand root)
    {
        root.Add(new Option<string?>(InstanceName)
        {
            Description = "Instance of Merlon on this machine (default: MERLON_INSTANCE, else the one without a name)",
            HelpName = "NAME",
            Recursive = true,
        });
        root.Add(new Option<string>(OutputName, "-o")
        {
            Description = "Form of the data on stdout",
            DefaultValueFactory = _ => "table",
            Recursive = true,
        }.AcceptOnlyFromAmong("table", "json", "yaml"));
        root.Add(new Option<bool>(NoColorName) { Description = "No colours", Recursive = true });
    }
}
