using System.Text.Json;
using Merlon.Contracts.Api;

namespace Merlon.Controller.Flows;

/// <summary>Writes the log to one client as server-sent events as it grows. It reads from the log, so a slow client costs no
/// memory; what was dropped from the log before the client read it is told as <c>event: lost</c>.</summary>
internal sealed class FlowFollower(FlowLog log, FlowFilter filter)
{
    private const int PageSize = 500;
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    /// <param name="after">Number of the last event that the client has.</param>
    /// <param name="tellLost">False when the client asked for whatever is kept, and so has lost nothing.</param>
    public async Task Write(HttpResponse response, long after, bool tellLost, CancellationToken cancel)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        await response.WriteAsync(": merlon flows\n\n", cancel);
        await response.Body.FlushAsync(cancel);
        while (!cancel.IsCancellationRequested)
        {
            var grown = log.Grown;
            if (tellLost) await WriteLost(response, after, cancel);
            tellLost = true;
            var (flows, through) = log.After(after, filter, PageSize);
            foreach (var flow in flows)
                await response.WriteAsync($"id: {flow.Number}\ndata: {JsonSerializer.Serialize(flow.Flow, ApiJson.Default.FlowRecord)}\n\n", cancel);
            after = through;
            await response.Body.FlushAsync(cancel);
            if (flows.Count < PageSize) await Wait(response, grown, cancel);
        }
    }

    private async Task WriteLost(HttpResponse response, long after, CancellationToken cancel)
    {
        var lost = log.First - after - 1;
        if (lost > 0) await response.WriteAsync($"event: lost\ndata: {JsonSerializer.Serialize(new(lost), ApiJson.Default.FlowsLost)}\n\n", cancel);
    }

    // A comment now and then: a client that is gone is noticed only by writing to it.
    private static async Task Wait(HttpResponse response, Task grown, CancellationToken cancel)
    {
        try
        {
            await grown.WaitAsync(KeepAlive, cancel);
        }
        catch (TimeoutException)
        {
            await response.WriteAsync(": still here\n\n", cancel);
        }
    }
}
