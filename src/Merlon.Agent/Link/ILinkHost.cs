using Merlon.Contracts.Wire;

namespace Merlon.Agent.Link;

/// <summary>What the link needs of the host it speaks for.</summary>
internal interface ILinkHost
{
    /// <summary>Hello, and everything the controller must know at once.</summary>
    Task<IReadOnlyList<AgentMessage>> GreetingAsync();

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
