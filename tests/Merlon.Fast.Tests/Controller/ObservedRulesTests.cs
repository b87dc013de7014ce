using System.Net;
using Merlon.Contracts.Api;
using Merlon.Fast.Tests.Cli;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>The rules in force against the flow log, over the real API and by the command line.</summary>
public class ObservedRulesTests
{
    [Fact]
    public async Task Rules_that_are_wider_than_the_traffic_of_the_days_asked_for_are_told()
    {
        await using var controller = await RunningController.Start();
        var wide = Sample.Open("shop", 7001, "wide").Replace("tcp/7001", "tcp/7001-7002", StringComparison.Ordinal).Replace("to: [any]", "to: [vm/vm-1]", StringComparison.Ordinal);
        await controller.Apply(Sample.Guard + Sample.Open("shop", 7000, "idle") + wide);
        await using (var agent = await controller.Dial(Sample.HostA, "host-a"))
        {
            await agent.Has(Sample.Vm(1, "shop", "10.8.0.6"));
            await agent.NextPolicy();
            var (old, recent) = (Sample.Flow(7002), Sample.Flow(7001));
            (old.EndUnixMs, recent.EndUnixMs) = (DateTimeOffset.UtcNow.AddDays(-3).ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            foreach (var flow in new[] { old, recent }) (flow.Event, flow.Verdict, flow.Reason) = ("close", "allow", "finished");
            await agent.Send(1, old, recent, Sample.Flow(7000));
        }
        await controller.Until(s => s.Hosts.All(h => !h.Connected));
        var result = await controller.Get("/v1/rules/observed?days=2", ApiJson.Default.ObservedRulesResult);
        Assert.Equal((2, 0, 2, 0), (result.Flows, result.Connections, result.Rules, result.LeftOut));
        Assert.Equal(
        [
            "rule shop/idle/open allowed nothing that was seen in 2 days: is it needed?",
            "rule shop/wide/open allows more than was seen in 2 days: seen services: tcp/7001",
        ], result.Findings.Select(f => $"{f.Message}: {f.Hint}").Order());
        var all = await controller.Get("/v1/rules/observed", ApiJson.Default.ObservedRulesResult);
        Assert.Equal("rule-wider-than-observed", Assert.Single(all.Findings).Code);
        using var refused = await controller.Client.GetAsync("/v1/rules/observed?days=0", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var said = await CommandLine.Run(controller.Environment, "check", "--observed", "2");
        Assert.Equal(0, said.Code);
        Assert.Contains("warning rule-wider-than-observed: rule shop/wide/open allows more than was seen in 2 days (seen services: tcp/7001)", said.Out, StringComparison.Ordinal);
        Assert.Equal("2 allow rules, 2 wider than seen; 2 flows and 0 live connections\n", said.Error);
    }
}
