namespace Merlon.Agent.Gate;

/// <summary>How libvirt called: NAME OPERATION SUBOPERATION EXTRA, the domain's XML on stdin. The name is as a person wrote it: it is shown
/// and compared, never run or opened.</summary>
internal sealed record HookCall(string Name, string Operation, string Suboperation)
{
    /// <summary>The VM of this name is the agent's own question to libvirt (<see cref="HookProof"/>), its UUID the nonce. It never starts. The name is
    /// always the same, since libvirt keeps a log file for each.</summary>
    public const string ProbeName = "merlon-probe";

    /// <summary>The most of a domain's XML that is read.</summary>
    public const int MostBytes = 16 << 20;

    public bool IsProbe => Name == ProbeName && Operation == "prepare";

    /// <summary>From another host, or a save file. Its start is asked for apart.</summary>
    public bool IsIncoming => Operation is "migrate" or "restore";

    public static HookCall Parse(ReadOnlySpan<string> words) => words.Length >= 3
        ? new(words[0], words[1], words[2])
        : throw AgentOptions.Usage("a hook is called with NAME OPERATION SUBOPERATION EXTRA, by libvirt");
}
