using System.Threading.Channels;
using Grpc.Core;
using Grpc.Net.Client;
using Merlon.Agent.Link;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Controller;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>The agent's end of a real link (unix socket, mutual TLS, gRPC) that says what a test wants.</summary>
internal sealed class PretendedAgent : IAsyncDisposable
{
    private readonly HostPki pki;
    private readonly GrpcChannel channel;
    private readonly AsyncDuplexStreamingCall<AgentMessage, ControllerMessage> call;
    private readonly Channel<HostPolicyMessage> policies = Channel.CreateUnbounded<HostPolicyMessage>();
    private readonly Channel<FlowAck> acks = Channel.CreateUnbounded<FlowAck>();
    private readonly Channel<ClaimsTaken> taken = Channel.CreateUnbounded<ClaimsTaken>();
    private readonly TaskCompletionSource welcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task reading;

    private PretendedAgent(ControllerPaths paths)
    {
        pki = HostPki.EnsureAt(paths.Pki);
        channel = ControllerAddress.Open("unix:" + paths.Socket, pki.ClientOptions(PkiRole.Agent, PkiRole.Controller));
        call = new Link.LinkClient(channel).Session(cancellationToken: Cancel);
        reading = Read();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Dials and says hello; the welcome may still be on its way.</summary>
    public static async Task<PretendedAgent> Open(ControllerPaths paths, AgentMessage first)
    {
        var agent = new PretendedAgent(paths);
        await agent.Say(first);
        return agent;
    }

    public static async Task<PretendedAgent> Dial(ControllerPaths paths, string uuid, string name, ulong sequence)
    {
        var agent = await Open(paths, new() { Hello = new() { Host = name, HostUuid = uuid, Version = "1.0.0", Abi = 1, Sequence = sequence } });
        await agent.welcome.Task.WaitAsync(Cancel);
        return agent;
    }

    public Task Say(AgentMessage message) => call.RequestStream.WriteAsync(message, Cancel);

    public Task Has(params VmInfo[] vms) => Say(new() { Inventory = new() { Vms = { vms } } });

    public Task<HostPolicyMessage> NextPolicy() => policies.Reader.ReadAsync(Cancel).AsTask();

    public bool PolicyWaits => policies.Reader.TryPeek(out _);

    public Task Applied(HostPolicyMessage policy) => Say(new() { Applied = new() { Sequence = policy.Sequence, Applied = true } });

    public Task Refused(HostPolicyMessage policy, string error) => Say(new() { Applied = new() { Sequence = policy.Sequence, Error = error } });

    /// <summary>Sends a batch and waits for its acknowledgement.</summary>
    public async Task<ulong> Send(ulong first, params FlowRecordMessage[] records)
    {
        await Say(new() { Flows = new() { First = first, Incarnation = "i-1", Records = { records } } });
        return (await acks.Reader.ReadAsync(Cancel)).Through;
    }

    /// <summary>Sends claims of addresses and waits for their answer.</summary>
    public async Task<ulong> Claims(ulong number, params LearnedAddress[] claims)
    {
        await Say(new() { Claims = new() { Number = number, Claims = { claims } } });
        return (await taken.Reader.ReadAsync(Cancel)).Number;
    }

    /// <summary>Takes every policy as it comes and says that it is in force; ends with the link.</summary>
    public async Task ApplyAll()
    {
        try
        {
            await foreach (var policy in policies.Reader.ReadAllAsync(Cancel)) await Applied(policy);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
        }
    }

    /// <summary>Waits until the controller has ended the session, and gives what it said.</summary>
    public async Task<Status> HungUp()
    {
        try
        {
            await reading.WaitAsync(Cancel);
            return Status.DefaultSuccess;
        }
        catch (RpcException e)
        {
            return e.Status;
        }
    }

    public async ValueTask DisposeAsync()
    {
        call.Dispose();
        channel.Dispose();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        pki.Dispose();
    }

    private async Task Read()
    {
        try
        {
            await foreach (var message in call.ResponseStream.ReadAllAsync(Cancel))
            {
                if (message.Welcome is not null) welcome.TrySetResult();
                if (message.Policy is not null) policies.Writer.TryWrite(message.Policy);
                if (message.ClaimsTaken is not null) taken.Writer.TryWrite(message.ClaimsTaken);
                if (message.FlowAck is not null) acks.Writer.TryWrite(message.FlowAck);
            }
        }
        catch (Exception e)
        {
            welcome.TrySetException(e);
            policies.Writer.TryComplete(e);
            acks.Writer.TryComplete(e);
            taken.Writer.TryComplete(e);
            throw;
        }
        policies.Writer.TryComplete();
        acks.Writer.TryComplete();
        taken.Writer.TryComplete();
    }
}
