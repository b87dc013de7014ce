using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using Merlon.Contracts.Api;
using Merlon.Controller.Rules;
using Merlon.Fast.Tests.Policy;
using Merlon.Policy.Inventory;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>A plan names the traffic of the last days that it would answer otherwise.</summary>
public class FlowChangesTests
{
    private static readonly DateTimeOffset s_at = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    private static readonly string Vms = Scene.VmsOf(Scene.Vm("web-1", "tier: web", "10.8.0.5"), Scene.Vm("db-1", "tier: db", "10.8.0.7"));

    [Fact]
    public void Flows_that_would_be_answered_otherwise_are_told_once_for_all_their_source_ports()
    {
        var before = new Scene(Vms + Scene.Rules("app", "name: all, from: [any], to: [any], services: [tcp/22, tcp/80], action: allow"));
        var after = new Scene(Vms + Scene.Rules("app", "name: all, from: [any], to: [any], services: [tcp/80, icmp], action: allow"));
        FlowRecord[] flows = [Flow("open", "tcp/22", 40000, 1), Flow("open", "tcp/22", 40001, 3), Flow("close", "tcp/22", 40001, 9), Flow("open", "tcp/80", 40000, 2), Flow("deny", "icmp/8/0", null, 4), Flow("deny", "udp/53", 5, 5)];
        var told = new FlowChanges(PlannedHosts.Of(before, after)).Of(flows);
        Assert.Equal(["tcp/22 allow > deny by default: 2, last 3", "icmp/8/0 deny > allow by shop/app/all@1: 1, last 4"],
            told.Select(f => $"{f.Service} {f.Before} > {f.After} by {f.RuleAfter}: {f.Flows}, last {(f.Last - s_at).TotalSeconds}"));
        Assert.Null(told[0].Source.Port);
    }

    /// <summary>What hosts should have now was worked out while the rule was there.</summary>
    [Fact]
    public void A_rule_that_has_ended_since_the_last_apply_opens_again()
    {
        var (ends, now) = (s_at.ToUnixTimeSeconds(), s_at.AddHours(1).ToUnixTimeSeconds());
        string Rule(DateTimeOffset end) => Vms + Scene.Rules("app", $"name: all, from: [any], to: [any], services: [tcp/22], action: allow, expiresAt: {end:yyyy-MM-ddTHH:mm:ssZ}");
        var (before, after) = (new Scene(Rule(s_at)), new Scene(Rule(s_at.AddDays(1))));
        FlowRecord[] flows = [Flow("deny", "tcp/22", 40000, 1)];
        Assert.Equal(["deny > allow"], new FlowChanges(PlannedHosts.Of(before, after, ends - 1, now)).Of(flows).Select(f => $"{f.Before} > {f.After}"));
        Assert.Empty(new FlowChanges(PlannedHosts.Of(before, after, ends - 1, ends - 1)).Of(flows));
    }

    /// <summary>A host over a limit keeps an older policy that nobody here has.</summary>
    [Fact]
    public void Of_a_host_without_a_plan_nothing_is_told()
    {
        var (before, after) = (new Scene(Vms + Scene.Rules("app", "name: all, from: [any], to: [any], services: [tcp/22], action: allow")), new Scene(Vms));
        var (was, willBe) = (PlannedHosts.All(before, 0, 0), PlannedHosts.All(after, 0, 0));
        FlowRecord[] flows = [Flow("open", "tcp/22", 40000, 1)];
        Assert.Single(new FlowChanges(new(was, willBe)).Of(flows));
        Assert.Empty(new FlowChanges(new(new(before.Inventory, ImmutableDictionary<string, HostPlan>.Empty, 0), willBe)).Of(flows));
    }

    [Fact]
    public async Task The_api_looks_at_the_days_that_are_asked_for()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 7000));
        await using (var agent = await controller.Dial(Sample.HostA, "host-a"))
        {
            await agent.Has(Sample.Vm(1, "shop", "10.8.0.6"));
            await agent.NextPolicy();
            var (old, recent) = (Sample.Flow(7001), Sample.Flow(7001));
            (old.EndUnixMs, recent.EndUnixMs) = (DateTimeOffset.UtcNow.AddDays(-3).ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            await agent.Send(1, old, recent, Sample.Flow(7002));
        }
        await controller.Until(s => s.Hosts.All(h => !h.Connected));
        var change = Sample.Open("shop", 7001);
        Assert.Equal((1, 2), (await Seen("?days=2"), await Seen("")));
        using var refused = await controller.Client.PostAsJsonAsync("/v1/plan?days=0", new([new("p.yaml", change)]), ApiJson.Default.ApplyRequest, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);

        async Task<int> Seen(string query)
        {
            var flow = Assert.Single((await controller.Plan(change, query)).Flows!.Changes);
            Assert.Equal(("deny", "allow", "shop/open/open@2"), (flow.Before, flow.After, flow.RuleAfter));
            return flow.Flows;
        }
    }

    private static FlowRecord Flow(string what, string service, int? port, int second) => new(s_at, s_at.AddSeconds(second), what, "allow", "rule",
        End("10.8.0.5", "web-1", port), End("10.8.0.7", "db-1", null), service, null, null, null, null, 1, 1, 60, 60, null, null, "h", "br0");

    private static FlowEndRecord End(string address, string vm, int? port) => new(vm, VmInventory.UuidOf("shop", vm), 0, "shop", address, port);
}
