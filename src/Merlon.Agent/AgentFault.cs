namespace Merlon.Agent;

/// <summary>Something an operator must mend before the agent can work: a stable code, what is wrong, and the mend.</summary>
internal sealed class AgentFault(string code, string message, string mend) : Exception(message)
{
    /// <summary>Kebab-case, stable.</summary>
    public string Code { get; } = code;
    public string Mend { get; } = mend;
}
