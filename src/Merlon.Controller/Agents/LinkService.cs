using Google.Protobuf;
using Grpc.Core;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Controller.Rules;
using Merlon.Controller.Store;

namespace Merlon.Controller.Agents;

/// <summary>The agents' door (link.proto). A peer holds a certificate of an agent; what it sends is checked all the same.</summary>
internal sealed class LinkService(
    HostRegistry registry, AgentInbox inbox, Applier applier, IStateStore store, PolicySigner signer, ILogger<LinkService> log) : Link.LinkBase
{
    private const int QuietMs = 1000, MostDocumentsMs = 10_000;

    public override async Task Session(
        IAsyncStreamReader<AgentMessage> requests, IServerStreamWriter<ControllerMessage> responses, ServerCallContext context)
    {
        try
        {
            if (!await requests.MoveNext(context.CancellationToken)) return;
            var hello = requests.Current.Hello ?? throw Expect.Broken("hello", "is not the first message");
            Expect.Uuid(hello.HostUuid, "hello.host_uuid");
            Expect.Name(hello.Host, "hello.host");
            Expect.Name(hello.Version, "hello.version", mayBeEmpty: true);
            using var session = new AgentSession(hello.HostUuid, context.CancellationToken);
            await registry.Enter(session);
            try
            {
                await Serve(hello, session, requests, responses);
            }
            finally
            {
                registry.Leave(session);
            }
        }
        catch (ContractException e)
        {
            log.ContractBroken(context.Peer, e.Message);
            throw new RpcException(new Status(StatusCode.InvalidArgument, e.Message));
        }
    }

    private async Task Serve(
        Hello hello, AgentSession session, IAsyncStreamReader<AgentMessage> requests, IServerStreamWriter<ControllerMessage> responses)
    {
        inbox.Hello(hello);
        log.AgentConnected(hello.Host, hello.HostUuid, hello.Version);
        var write = EndsWith(session, Write(session, responses));
        Task? policies = null;
        try
        {
            await session.Send(new() { Welcome = new() { Version = ProductVersion.Text } });
            while (await requests.MoveNext(session.Ended))
            {
                await inbox.Receive(session, requests.Current);
                // Not before its inventory: a policy made without it would guard nothing.
                if (requests.Current.Inventory is not null) policies ??= EndsWith(session, SendPolicies(session));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or RpcException)
        {
        }
        finally
        {
            session.End();
            log.AgentGone(hello.Host, hello.HostUuid);
            await Ended(write);
            if (policies is not null) await Ended(policies);
        }
    }

    // A session that can no longer send, or has nothing to send any more, is over: the agent dials again.
    private static async Task EndsWith(AgentSession session, Task half)
    {
        try
        {
            await half;
        }
        finally
        {
            session.End();
        }
    }

    private async Task SendPolicies(AgentSession session)
    {
        var documents = new VmDocumentMaker(signer, vm => applier.State.Inventory.Places.GetValueOrDefault(vm)?.Info.ByHand == true);
        await using var values = store.Watch(HostPolicies.Key(session.HostUuid), session.Ended).GetAsyncEnumerator(session.Ended);
        HostPolicyMessage? last = null;
        var due = 0L;
        for (var next = values.MoveNextAsync().AsTask(); ; next = values.MoveNextAsync().AsTask())
        {
            // Documents are made of what a burst of changes ends with.
            if (last is not null && await Task.WhenAny(next, Task.Delay(Pause(due), session.Ended)) != next)
            {
                foreach (var document in documents.News(last)) await session.Send(new() { VmPolicy = ByteString.CopyFrom(document) });
                last = null;
            }
            if (!await next) return;
            if (last is null) due = Environment.TickCount64 + MostDocumentsMs;
            last = HostPolicyMessage.Parser.ParseFrom(values.Current.Value.Span);
            await session.Send(new() { Policy = last });
            await inbox.Answer(session);
        }
    }

    private static int Pause(long due) => (int)Math.Clamp(due - Environment.TickCount64, 0, QuietMs);

    private static async Task Write(AgentSession session, IServerStreamWriter<ControllerMessage> responses)
    {
        await foreach (var message in session.Outgoing.ReadAllAsync(session.Ended))
            await responses.WriteAsync(message, session.Ended);
    }

    // The stream is over: how its two writers ended says nothing more.
    private static async Task Ended(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or RpcException or InvalidOperationException)
        {
        }
    }
}
