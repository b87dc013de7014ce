using System.Threading.Channels;
using Grpc.Core;
using Merlon.Agent.Flows;
using Merlon.Agent.Learning;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;

namespace Merlon.Agent.Link;

/// <summary>Dials the controller and keeps one stream to it, for ever. Losing it changes no verdict: flows wait, bounded and
/// counted, and policy stays.</summary>
internal sealed class ControllerLink(string controller, HostPki pki, FlowQueue flows, ClaimBook claims, ILogger log)
{
    // Records that may be under way without an ack.
    private const ulong Window = 8192;
    private const int BatchRecords = 512;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    private volatile ChannelWriter<AgentMessage>? _out;

    /// <summary>Sends if connected; else the greeting of the next session says it.</summary>
    public void Send(AgentMessage message) => _out?.TryWrite(message);

    public async Task RunAsync(ILinkHost host, CancellationToken stop)
    {
        var delay = FirstDelay;
        string? told = null;
        while (!stop.IsCancellationRequested)
        {
            var session = new Session(this, host);
            var reason = await session.RunAsync(stop);
            if (stop.IsCancellationRequested) return;
            if (session.Welcomed || reason != told) Log.ControllerLost(log, reason);
            told = reason;
            host.LinkChanged(false, reason);
            delay = session.Welcomed ? FirstDelay : delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            await Task.Delay(delay, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private sealed class Session(ControllerLink link, ILinkHost host)
    {
        private readonly Channel<AgentMessage> _queue = Channel.CreateUnbounded<AgentMessage>();

        public bool Welcomed { get; private set; }

        /// <summary>One connection from dial to end; returns why it ended.</summary>
        public async Task<string> RunAsync(CancellationToken stop)
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
            try
            {
                using var channel = ControllerAddress.Open(link.Address, link.Tls);
                using var call = new Contracts.Wire.Link.LinkClient(channel).Session(cancellationToken: over.Token);
                await host.GreetAsync(greeting =>
                {
                    foreach (var message in greeting) _queue.Writer.TryWrite(message);
                    link._out = _queue.Writer;
                });
                var first = await Task.WhenAny(ReadAsync(call, over.Token), WriteAsync(call, over.Token), PumpFlowsAsync(over.Token), PumpClaimsAsync(over.Token));
                await first;
                return "the controller ended the session";
            }
            catch (RpcException e)
            {
                return ControllerAddress.WhyNot(link.Address, e.Status.DebugException) ?? (e.Status.Detail is { Length: > 0 } detail ? detail : e.StatusCode.ToString());
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
            {
                return e.Message;
            }
            finally
            {
                link._out = null;
                await over.CancelAsync();
            }
        }

        private async Task ReadAsync(AsyncDuplexStreamingCall<AgentMessage, ControllerMessage> call, CancellationToken stop)
        {
            await foreach (var message in call.ResponseStream.ReadAllAsync(stop)) await TakeAsync(message);
        }

        private async Task TakeAsync(ControllerMessage message)
        {
            switch (message.BodyCase)
            {
                case ControllerMessage.BodyOneofCase.Welcome:
                    Welcomed = true;
                    Log.ControllerConnected(link.Logger, link.Address);
                    host.LinkChanged(true, null);
                    break;
                case ControllerMessage.BodyOneofCase.Policy:
                    host.Receive(message.Policy);
                    break;
                case ControllerMessage.BodyOneofCase.FlowAck:
                    link.Flows.Ack(message.FlowAck.Incarnation, message.FlowAck.Through);
                    break;
                case ControllerMessage.BodyOneofCase.InventoryTaken:
                    host.InventoryTaken(message.InventoryTaken.Number, message.InventoryTaken.Sequence);
                    break;
                case ControllerMessage.BodyOneofCase.ClaimsTaken:
                    link.Claims.Answer(message.ClaimsTaken.Number);
                    break;
                case ControllerMessage.BodyOneofCase.VmPolicy:
                    host.TakeDocument(message.VmPolicy.ToByteArray());
                    break;
                case ControllerMessage.BodyOneofCase.Ask:
                    _queue.Writer.TryWrite(new() { Answer = await host.AnswerAsync(message.Ask) });
                    break;
                default:
                    break; // a newer controller's message: nothing this agent knows how to do
            }
        }

        private async Task WriteAsync(AsyncDuplexStreamingCall<AgentMessage, ControllerMessage> call, CancellationToken stop)
        {
            await foreach (var message in _queue.Reader.ReadAllAsync(stop)) await call.RequestStream.WriteAsync(message, stop);
        }

        // A new session begins after the last ack: what was under way is sent again, the controller drops what it has.
        private async Task PumpFlowsAsync(CancellationToken stop)
        {
            var sent = link.Flows.Acked;
            while (true)
            {
                await link.Flows.WaitAsync(sent, stop);
                while (sent - Math.Min(sent, link.Flows.Acked) >= Window) await Task.Delay(10, stop);
                if (link.Flows.Batch(sent, BatchRecords, host.LostInKernel) is not { } batch) continue;
                sent = batch.First + (ulong)batch.Records.Count - 1;
                _queue.Writer.TryWrite(new() { Flows = batch });
            }
        }

        // One message at a time: a guest that claims without end cannot fill the queue.
        private async Task PumpClaimsAsync(CancellationToken stop)
        {
            var sent = 0UL;
            while (true)
            {
                var changed = link.Claims.Changed;
                if (link.Claims.Answered >= sent && link.Claims.Batch() is { } batch)
                {
                    sent = batch.Number;
                    _queue.Writer.TryWrite(new() { Claims = batch });
                }
                else await changed.WaitAsync(stop);
            }
        }
    }

    private string Address => controller;
    private ClaimBook Claims => claims;
    private FlowQueue Flows => flows;
    private ILogger Logger => log;
    private System.Net.Security.SslClientAuthenticationOptions Tls => pki.ClientOptions(PkiRole.Agent, PkiRole.Controller);
}
