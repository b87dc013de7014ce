using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Merlon.Cli.Commands.Lab;

/// <summary>Runs other programs.</summary>
internal static class LabProcess
{
    /// <summary>Hands the terminal to a program and returns its exit code.</summary>
    public static async Task<int> Attached(IReadOnlyList<string> command)
    {
        using var process = Start(command, captured: false);
        // Ctrl-C goes to the program too; how it ends is its own business.
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    /// <summary>Runs a program that must succeed and returns what it wrote to stdout.</summary>
    public static async Task<string> Output(IReadOnlyList<string> command, CancellationToken cancel)
    {
        using var process = Start(command, captured: true);
        // As above: whoever cleans up after us must not meet a script that still builds.
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var output = await process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        cancel.ThrowIfCancellationRequested();
        return process.ExitCode == 0 ? output : throw new CliException(
            $"{Path.GetFileName(command[0])} failed: {(await error).Trim().ReplaceLineEndings(" ")}");
    }

    /// <summary>Runs a program and hands on what it writes to stderr, as it comes; returns its exit code and all of that.</summary>
    public static async Task<(int Code, string Said)> Told(IReadOnlyList<string> command, Action<string> heard)
    {
        using var process = Start(command, captured: true);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var (said, buffer) = (new StringBuilder(), new char[256]);
        for (int got; (got = await process.StandardError.ReadAsync(buffer, CancellationToken.None)) > 0;)
        {
            said.Append(buffer, 0, got);
            heard(said.ToString());
        }
        await output;
        await process.WaitForExitAsync(CancellationToken.None);
        return (process.ExitCode, said.ToString());
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
