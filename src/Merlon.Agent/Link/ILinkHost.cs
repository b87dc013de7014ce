using Merlon.Contracts.Wire;

namespace Merlon.Agent.Link;

/// <summary>What the link needs of the host it speaks for.</summary>
internal interface ILinkHost
{
    /// <summary>Says hello, and everything the controller must know at once. Nothing changes while <paramref name="say"/> runs: what changes after
    /// it is sent by itself.</summary>
    Task GreetAsync(Action<IReadOnlyList<AgentMessage>> say);

    /// <summary>A controller's policy; answered by a report through the link.</summary>
    void Receive(HostPolicyMessage policy);

    /// <summary>The controller has resolved the inventory of this number; what follows from it has this sequence.</summary>
    void InventoryTaken(ulong number, ulong sequence);

    /// <summary>A signed document to be written into its VM.</summary>
    void TakeDocument(byte[] signed);

    Task<Answer> AnswerAsync(Ask ask);

    void LinkChanged(bool connected, string? reason);

    ulong LostInKernel { get; }
}
