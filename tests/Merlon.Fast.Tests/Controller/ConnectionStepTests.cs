using System.Net;
using System.Net.Http.Json;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>What hosts are told of live connections that a change forbids.</summary>
public class ConnectionStepTests
{
    [Fact]
    public async Task A_step_is_told_from_where_it_begins_and_for_whom_and_is_over_with_the_next()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80));
        await using var agent = await controller.Dial(Sample.HostA, "a");
        await agent.Has(Sample.Vm(1, "shop", "10.8.0.5"));
        var first = await agent.NextPolicy();
        Assert.Null(first.Connections);
        Assert.Equal(HttpStatusCode.OK, (await controller.TryApply(Change(81, "keep"))).Status);
        var kept = await agent.NextPolicy();
        Assert.Equal(new ConnectionStepMessage { From = first.Sequence, Until = 0, Tenants = { "shop" } }, kept.Connections);
        var (_, drained) = await controller.TryApply(Change(82, "drain", 60));
        var next = await agent.NextPolicy();
        Assert.Equal(kept.Sequence, next.Connections.From);
        Assert.InRange(next.Connections.Until, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 50, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 60);
        Assert.StartsWith("live connections that it forbids may go on until ", Assert.Single(drained.Revisions).Note, StringComparison.Ordinal);
        await agent.Has(Sample.Vm(1, "shop", "10.8.0.5"), Sample.Vm(2, "shop", "10.8.0.6"));
        Assert.Null((await agent.NextPolicy()).Connections);
    }

    [Theory]
    [InlineData("drop", null)]
    [InlineData("drain", null)]
    [InlineData("drain", 0)]
    [InlineData("drain", 604_801)]
    [InlineData("keep", 5)]
    [InlineData("cut", 5)]
    public async Task What_contradicts_itself_is_refused(string connections, int? drainFor)
    {
        await using var controller = await RunningController.Start();
        using var answer = await controller.Client.PostAsJsonAsync("/v1/apply", Change(81, connections, drainFor), ApiJson.Default.ApplyRequest, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty(await controller.Documents());
    }

    private static ApplyRequest Change(int port, string connections, int? drainFor = null) =>
        new([new("policy.yaml", Sample.Open("shop", port))], Connections: connections, DrainFor: drainFor);
}
