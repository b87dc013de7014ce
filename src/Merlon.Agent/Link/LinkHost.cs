using System.Text.Json;
using Merlon.Agent.Flows;
using Merlon.Agent.Status;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Datapath.Abi;

namespace Merlon.Agent.Link;

/// <summary>The keeper as the link sees it, from any thread.</summary>
internal sealed class LinkHost(AgentOptions options, HostIdentity identity, HostKeeper keeper, StatusWriter status, EventPump pump) : ILinkHost
{
    private const int MostConnections = 10_000;
    private static readonly TimeSpan LibvirtPatience = TimeSpan.FromSeconds(5);

    public ulong LostInKernel => pump.Lost;

    public async Task GreetAsync(Action<IReadOnlyList<AgentMessage>> say)
    {
        // A libvirt that hangs keeps nobody from the controller.
        await Task.WhenAny(identity.Settled, Task.Delay(LibvirtPatience));
        identity.Keep();
        await keeper.Box.Ask(() =>
        {
            say(Greeting());
            return true;
        });
    }

    private IReadOnlyList<AgentMessage> Greeting()
    {
        var now = status.Status();
        var hello = new Hello
        {
            Host = options.Host,
            HostUuid = now.HostUuid,
            Instance = options.Paths.Instance,
            Version = StatusWriter.Version,
            Abi = AbiLimits.Version,
            Sequence = now.SequenceApplied,
        };
        return [new() { Hello = hello }, .. keeper.Greeting(), new() { Status = Beat.Message(status) }];
    }

    public void Receive(HostPolicyMessage policy) => keeper.Receive(policy);

    public void InventoryTaken(ulong number, ulong sequence) => keeper.Box.Post(() => keeper.InventoryTaken(number, sequence));

    public void TakeDocument(byte[] signed)
    {
        var text = VmDocuments.ToText(signed); // here, where nobody waits for it
        keeper.Box.Post(() => keeper.TakeDocument(signed, text));
    }

    public void LinkChanged(bool connected, string? reason) => keeper.Box.Post(() => keeper.ControllerChanged(connected, reason));

    public async Task<Answer> AnswerAsync(Ask ask)
    {
        var answer = new Answer { Id = ask.Id };
        if (ask.QuestionCase != Ask.QuestionOneofCase.Connections)
        {
            answer.Error = "this agent does not know the question";
            return answer;
        }
        var limit = ask.Connections.Limit is 0 or > MostConnections ? MostConnections : (int)ask.Connections.Limit;
        var records = await keeper.Box.Ask(() => status.Connections(ask.Connections.Vm, limit));
        answer.Json = JsonSerializer.Serialize(records, ApiJson.Default.IReadOnlyListConnectionRecord);
        return answer;
    }
}
