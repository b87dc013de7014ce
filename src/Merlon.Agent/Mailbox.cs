using System.Threading.Channels;

namespace Merlon.Agent;

/// <summary>One thread that does one thing after the other: everything that changes the host's state runs here, so that
/// nothing of it needs a lock within this process.</summary>
/// <param name="turn">Taken for each step: a hook may be at work on the same kernel.</param>
internal sealed class Mailbox(ILogger log, Func<IDisposable> turn)
{
    private readonly Channel<(Action Work, Action Never)> _work = Channel.CreateUnbounded<(Action, Action)>(new() { SingleReader = true });

    public void Post(Action work) => Post(work, () => { });

    /// <summary>Runs <paramref name="question"/> on the mailbox's thread; its exception becomes the caller's. Cancelled when the mailbox ends before.</summary>
    public Task<T> Ask<T>(Func<T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                answer.SetResult(question());
            }
#pragma warning disable CA1031 // whatever it is, it belongs to the one who asked
            catch (Exception e)
#pragma warning restore CA1031
            {
                answer.SetException(e);
            }
        }, answer.SetCanceled);
        return answer.Task;
    }

    /// <summary>Works until told to stop; call on a thread of its own.</summary>
    public void Run(CancellationToken stop)
    {
        try
        {
            RunUntil(stop);
        }
        finally
        {
            _work.Writer.Complete();
            while (_work.Reader.TryRead(out var left)) left.Never();
        }
    }

    /// <param name="never">Instead of the work, when the mailbox has ended.</param>
    private void Post(Action work, Action never)
    {
        if (!_work.Writer.TryWrite((work, never))) never();
    }

    private void RunUntil(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (!_work.Reader.WaitToReadAsync(stop).AsTask().GetAwaiter().GetResult()) return;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            while (!stop.IsCancellationRequested && _work.Reader.TryRead(out var next)) Do(next.Work);
        }
    }

    private void Do(Action work)
    {
        try
        {
            using var mine = turn();
            work();
        }
#pragma warning disable CA1031 // one failed step must not stop the agent; the next verify tries again
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.StepFailed(log, e);
        }
    }
}
