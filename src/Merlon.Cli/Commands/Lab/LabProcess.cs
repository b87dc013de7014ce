using System.ComponentModel;
using System.Diagnostics;

namespace Merlon.Cli.Commands.Lab;

/// <summary>Runs other programs.</summary>
internal static class LabProcess
{
    /// <summary>Hands the terminal to a program and returns its exit code.</summary>
    public static async Task<int> Attached(IReadOnlyList<string> command, CancellationToken cancel)
    {
        using var process = Start(command, captured: false);
        try
        {
            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C went to the program too; how it ends is its own business.
            await process.WaitForExitAsync(CancellationToken.None);
        }
        return process.ExitCode;
    }

    /// <summary>Runs a program that must succeed and returns what it wrote to stdout.</summary>
    public static async Task<string> Output(IReadOnlyList<string> command, CancellationToken cancel)
    {
        using var process = Start(command, captured: true);
        var error = process.StandardError.ReadToEndAsync(cancel);
        var output = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return process.ExitCode == 0 ? output : throw new CliException(
            $"{Path.GetFileName(command[0])} failed: {(await error).Trim().ReplaceLineEndings(" ")}");
    }

    private static Process Start(IReadOnlyList<string> command, bool captured)
    {
        var info = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = captured,
            RedirectStandardError = captured,
        };
        try
        {
            return Process.Start(info)!;
        }
        catch (Win32Exception)
        {
            throw new CliException($"{command[0]} is not installed", "run './dev setup', which installs what the lab needs");
        }
    }
}
