using System.CommandLine;

namespace Merlon.Cli.Commands;

/// <summary>The option by which a call says that it means a protected policy.</summary>
internal static class Unprotect
{
    public static Option<string[]> Option() => new("--unprotect")
    {
        Description = "A protected policy that this may change or remove, or what it stands on; by name only",
        HelpName = "TENANT/NAME",
    };

    /// <summary>Null = none.</summary>
    public static string[]? Named(Call call, Option<string[]> option) => call.Get(option) is { Length: > 0 } names ? names : null;
}
