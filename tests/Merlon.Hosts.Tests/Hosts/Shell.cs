using System.Diagnostics;

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>What a finished command said.</summary>
public sealed record ShellResult(int Code, string Out, string Error)
{
    /// <summary>Standard output of a command that must have succeeded.</summary>
    public string Ok() => Code == 0 ? Out : throw new InvalidOperationException($"exit {Code}: {Out}{Error}");
}

/// <summary>Runs commands to their end.</summary>
public static class Shell
{
    public static ShellResult Run(string file, params string[] args) => Run(TimeSpan.FromSeconds(60), file, args);

    public static ShellResult Run(TimeSpan limit, string file, params string[] args)
    {
        var info = new ProcessStartInfo(file, args) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(info)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{file} {string.Join(' ', args)} ran longer than {limit}");
        }
        return new(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}
