namespace Merlon.Cli;

/// <summary>Where merlon-agent and its BPF object are: MERLON_AGENT, else beside this program (links followed), else in PATH.</summary>
internal static class AgentProgram
{
    private const string Name = "merlon-agent";

    /// <summary>A file, or the bare name when it is nowhere.</summary>
    public static string Path(Call call)
    {
        if (call.Environment("MERLON_AGENT") is { Length: > 0 } named) return named;
        string[] folders = [Folder(Environment.ProcessPath), .. (call.Environment("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)];
        return folders.Where(f => f.Length > 0).Select(f => System.IO.Path.Combine(f, Name)).FirstOrDefault(File.Exists) ?? Name;
    }

    /// <summary>The object that the agent loads by default.</summary>
    public static string BpfObject(Call call) => System.IO.Path.Combine(Folder(Path(call)), "firewall.bpf.o");

    private static string Folder(string? program) => program is null ? ""
        : System.IO.Path.GetDirectoryName(File.Exists(program) ? File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program : program) ?? "";
}
