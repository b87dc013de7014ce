using System.Diagnostics;
using Merlon.Policy.Model;

namespace Merlon.Agent.Guests;

/// <summary>An attach by hand whose policy has not come yet.</summary>
/// <param name="Asked">Stopwatch ticks of the request.</param>
internal sealed record Waiting(NicKey Key, string Ifname, long Asked)
{
    private readonly TaskCompletionSource<double> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Milliseconds from when both the request and its policy were there until the interface was guarded.</summary>
    public Task<double> Done => _done.Task;

    public void Guarded(long policyCame) =>
        _done.TrySetResult(Stopwatch.GetElapsedTime(Math.Max(Asked, policyCame)).TotalMilliseconds);
}
