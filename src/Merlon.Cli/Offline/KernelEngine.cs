using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Offline;

/// <summary>The real kernel program as an engine, through <c>merlon-agent judge</c>: the command line loads no program itself.</summary>
internal static class KernelEngine
{
    /// <param name="cases">Null = the PolicyTests of the manifests.</param>
    public static Task<IReadOnlyList<CaseResult>> Run(Call call, string[] files, string[] inventory, string? cases, CancellationToken cancel) =>
        Environment.IsPrivilegedProcess
            ? Judge(call, [.. files.SelectMany(f => new[] { "-f", f }), .. inventory.SelectMany(i => new[] { "-i", i }), .. cases is null ? Array.Empty<string>() : [cases]], cancel)
            : throw new CliException("the kernel engine loads a BPF program", "run it as root");

    private static async Task<IReadOnlyList<CaseResult>> Judge(Call call, string[] arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(AgentProgram.Path(call)) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("judge");
        foreach (var a in arguments) start.ArgumentList.Add(a);
        using var process = Started(start);
        var talk = process.StandardError.ReadToEndAsync(cancel);
        var text = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        foreach (var line in (await talk).Split('\n', StringSplitOptions.RemoveEmptyEntries)) call.Say(line);
        try
        {
            return JsonSerializer.Deserialize(text, ApiJson.Default.IReadOnlyListCaseResult) ?? throw new JsonException("null");
        }
        catch (JsonException)
        {
            throw new CliException($"merlon-agent judge ended with {process.ExitCode} and no verdicts", "see its words above");
        }
    }

    private static Process Started(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new CliException($"{start.FileName} cannot be started: {e.Message}", "install merlon-agent beside merlon, or set MERLON_AGENT");
        }
    }
}
