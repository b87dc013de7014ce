namespace Merlon.Agent.Gate;

/// <summary>How libvirt called: NAME OPERATION SUBOPERATION EXTRA, the domain's XML on stdin. The name is as a person wrote it: it is shown
/// and compared, never run or opened.</summary>
internal sealed record HookCall(string Name, string Operation, string Suboperation)
{
    /// <summary>A VM of this name is the agent's own question to libvirt (<see cref="HookProof"/>), and never starts.</summary>
    public const string ProbePrefix = "merlon-probe-";

    public string? ProbeNonce => Name.StartsWith(ProbePrefix, StringComparison.Ordinal) ? Name[ProbePrefix.Length..] : null;

    public static HookCall Parse(ReadOnlySpan<string> words) => words.Length >= 3
        ? new(words[0], words[1], words[2])
        : throw AgentOptions.Usage("a hook is called with NAME OPERATION SUBOPERATION EXTRA, by libvirt");
}
