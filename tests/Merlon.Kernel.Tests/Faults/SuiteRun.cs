using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Merlon.Kernel.Tests.Faults;

/// <summary>Runs a test program until its first failure.</summary>
internal static partial class SuiteRun
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    /// <summary>Name of the test that failed; null = all passed. Throws when the program ended otherwise: a fault is caught by a test, not by a crash.</summary>
    /// <param name="kernelObject">The kernel program that it shall load; null = its own.</param>
    public static string? FirstFailure(string program, string? kernelObject, params string[] choice)
    {
        var start = new ProcessStartInfo(program, ["--no-ansi", "--progress", "off", "--stop-on-fail", "on", .. choice]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("MERLON_LONG");
        if (kernelObject is not null) start.Environment["MERLON_OBJECT"] = kernelObject;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(s_patience)) process.Kill(entireProcessTree: true);
        var text = output.Result + error.Result;
        if (process.ExitCode == 0) return null;
        return Failed().Match(text) is { Success: true } failed ? failed.Groups[1].Value
            : throw new InvalidOperationException($"{program} {string.Join(' ', choice)}: exit {process.ExitCode} and no failed test\n{text}");
    }

    [GeneratedRegex(@"^failed (.+?) \(\d[^)]*\)$", RegexOptions.Multiline)]
    private static partial Regex Failed();
}
