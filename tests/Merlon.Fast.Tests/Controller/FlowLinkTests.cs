using System.Globalization;
using System.Net;
using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Controller.Flows;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>Flows from an agent to a reader: each once, in order, and what is missing is said.</summary>
public class FlowLinkTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_batch_that_is_sent_again_after_a_reconnect_is_stored_once()
    {
        await using var controller = await RunningController.Start();
        await using (var agent = await controller.Dial(Sample.HostA, "host-a"))
        {
            Assert.Equal(3UL, await agent.Send(1, Sample.Flow(1), Sample.Flow(2), Sample.Flow(3)));
            Assert.Equal(3UL, await agent.Send(1, Sample.Flow(1), Sample.Flow(2), Sample.Flow(3)));
        }
        await using (var again = await controller.Dial(Sample.HostA, "host-a"))
            Assert.Equal(4UL, await again.Send(2, Sample.Flow(2), Sample.Flow(3), Sample.Flow(4)));
        await controller.Restart();
        await using (var after = await controller.Dial(Sample.HostA, "host-a"))
            Assert.Equal(5UL, await after.Send(3, Sample.Flow(3), Sample.Flow(4), Sample.Flow(5)));
        Assert.Equal([1, 2, 3, 4, 5], (await controller.Flows()).Select(f => f.Destination.Port));
        Assert.DoesNotContain((await controller.Status()).Alarms, a => a.Code == "flows-lost");
    }

    [Fact]
    public async Task Numbers_that_never_came_and_records_that_broke_the_contract_are_counted()
    {
        await using var controller = await RunningController.Start();
        await using var agent = await controller.Dial(Sample.HostA, "host-a");
        await agent.Send(10, Sample.Flow(1));
        Assert.Equal(22UL, await agent.Send(18, Sample.Flow(2), Sample.Flow(3, "10.8.0.999"), Sample.Flow(4, "fd00::1"), Sample.Flow(5, "::ffff:10.8.0.5 "), Sample.Flow(6)));
        Assert.Equal([1, 2, 4, 6], (await controller.Flows()).Select(f => f.Destination.Port));
        var alarm = Assert.Single((await controller.Status()).Alarms);
        Assert.Equal(("flows-lost", "host-a: 7 flow records never came, 2 were not valid"), (alarm.Code, alarm.Message));
    }

    [Fact]
    public async Task Two_hosts_of_one_name_keep_their_own_numbering_and_are_reported()
    {
        await using var controller = await RunningController.Start();
        await using var agent = await controller.Dial(Sample.HostA, "host-a");
        await using var other = await controller.Dial(Sample.HostB, "host-a");
        Assert.Equal(2UL, await agent.Send(1, Sample.Flow(1), Sample.Flow(2)));
        Assert.Equal(1UL, await other.Send(1, Sample.Flow(3)));
        Assert.Equal([1, 2, 3], (await controller.Flows()).Select(f => f.Destination.Port));
        Assert.Equal("host-name-twice", Assert.Single((await controller.Status()).Alarms).Code);
    }

    [Fact]
    public async Task A_live_view_gets_every_flow_as_it_comes_and_goes_on_where_it_was()
    {
        await using var controller = await RunningController.Start();
        await using var agent = await controller.Dial(Sample.HostA, "host-a");
        await agent.Send(1, Sample.Flow(1));
        using (var live = await Follow(controller, null))
        {
            await agent.Send(2, Sample.Flow(2));
            await agent.Send(3, Sample.Flow(3), Sample.Flow(4));
            Assert.Equal([(2L, 2), (3L, 3), (4L, 4)], await Events(live, 3));
        }
        await agent.Send(5, Sample.Flow(5));
        using var resumed = await Follow(controller, 3);
        Assert.Equal([(4L, 4), (5L, 5)], await Events(resumed, 2));
    }

    /// <summary>The log is bounded: a view that was away too long is told how many flows it missed.</summary>
    [Fact]
    public async Task A_view_is_told_what_was_dropped_before_it_came()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("merlon-flows-").FullName, "flows.db");
        using var log = new FlowLog(file, capacity: 5);
        var batch = new FlowBatch { First = 1, Incarnation = "i" };
        batch.Records.AddRange(Enumerable.Range(1, 20).Select(i => Sample.Flow(i)));
        log.Append(Sample.HostA, "host-a", batch);
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        enough.CancelAfter(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new FlowFollower(log, FlowFilter.All).Write(context.Response, 10, tellLost: true, enough.Token));
        var text = System.Text.Encoding.UTF8.GetString(body.ToArray());
        Assert.Contains("event: lost\ndata: {\"lost\":5}\n\nid: 16\n", text, StringComparison.Ordinal);
        Assert.Equal(5, text.Split("id: ").Length - 1);
        log.Dispose();
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    private static async Task<StreamReader> Follow(RunningController controller, long? after)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/flows/follow") { Version = HttpVersion.Version11 };
        if (after is not null) request.Headers.Add("Last-Event-ID", $"{after}");
        var answer = await controller.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancel));
        Assert.StartsWith(": ", await reader.ReadLineAsync(Cancel), StringComparison.Ordinal); // it follows from here on
        return reader;
    }

    private static async Task<List<(long Id, int? Port)>> Events(StreamReader live, int count)
    {
        var found = new List<(long, int?)>();
        long id = 0;
        while (found.Count < count)
        {
            var line = await live.ReadLineAsync(Cancel) ?? throw new EndOfStreamException();
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = long.Parse(line[4..], CultureInfo.InvariantCulture);
            if (line.StartsWith("data: ", StringComparison.Ordinal)) found.Add((id, JsonSerializer.Deserialize(line[6..], ApiJson.Default.FlowRecord)!.Destination.Port));
        }
        return found;
    }
}
