using System.Collections.Concurrent;
using System.Threading.Channels;
using Merlon.Contracts.Wire;

namespace Merlon.Controller.Agents;

/// <summary>One connected agent: what is to be sent to it and which questions it still owes.</summary>
internal sealed class AgentSession : IDisposable
{
    private const int QueuedMessages = 64;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource ended;
    private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<Answer>> asked = new();
    private readonly Channel<ControllerMessage> outgoing = Channel.CreateBounded<ControllerMessage>(QueuedMessages);
    private ulong lastAsk;
    private ulong unanswered;

    public AgentSession(string hostUuid, CancellationToken aborted)
    {
        HostUuid = hostUuid;
        ended = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        Ended = ended.Token; // others may still look at it when the source is disposed
    }

    public string HostUuid { get; }

    public CancellationToken Ended { get; }

    /// <summary>Nothing of this session will be taken any more.</summary>
    public Task Over => over.Task;

    public ChannelReader<ControllerMessage> Outgoing => outgoing.Reader;

    /// <summary>Waits while the agent reads too slowly.</summary>
    public ValueTask Send(ControllerMessage message) => outgoing.Writer.WriteAsync(message, Ended);

    public void End()
    {
        try
        {
            ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It came to its end by itself at this moment.
        }
    }

    /// <summary>Number of the newest inventory that is still to be answered for; 0 = none.</summary>
    public ulong Owed
    {
        get => Volatile.Read(ref unanswered);
        set => Volatile.Write(ref unanswered, value);
    }

    /// <summary>False when a newer one is owed by now, or somebody else answers for this one.</summary>
    public bool Settle(ulong number) => Interlocked.CompareExchange(ref unanswered, 0, number) == number;

    /// <summary>Asks and waits for the answer; throws <see cref="TimeoutException"/> or <see cref="OperationCanceledException"/> when
    /// none comes.</summary>
    public async Task<Answer> Ask(ConnectionsAsk question, CancellationToken cancel)
    {
        var id = Interlocked.Increment(ref lastAsk);
        var answer = new TaskCompletionSource<Answer>(TaskCreationOptions.RunContinuationsAsynchronously);
        asked[id] = answer;
        try
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, Ended);
            await outgoing.Writer.WriteAsync(new() { Ask = new() { Id = id, Connections = question } }, both.Token);
            return await answer.Task.WaitAsync(AnswerWithin, both.Token);
        }
        finally
        {
            asked.TryRemove(id, out _);
        }
    }

    /// <summary>An answer that nobody waits for (any more) is dropped.</summary>
    public void Answered(Answer answer)
    {
        if (asked.TryRemove(answer.Id, out var waiting)) waiting.TrySetResult(answer);
    }

    public void Dispose()
    {
        End();
        ended.Dispose();
        over.TrySetResult();
    }
}
