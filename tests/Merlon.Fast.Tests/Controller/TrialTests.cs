using System.Net;
using System.Net.Http.Json;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>A change on trial: what hosts are told, and what becomes of it when it is confirmed, taken back, or neither.</summary>
public class TrialTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hosts_get_the_deadline_and_what_was_before_with_the_new_policy()
    {
        await using var controller = await RunningController.Start();
        await using var agent = await Guarded(controller);
        var old = await agent.NextPolicy();
        var said = await Try(controller, Sample.Open("shop", 81), 600);
        var trial = await agent.NextPolicy();
        Assert.Equal(said.ConfirmBy!.Value.ToUnixTimeSeconds(), trial.ConfirmBy);
        Assert.Equal([81u], Ports(trial));
        Assert.Equal(old.Numbered(trial.Sequence), trial.Fallback);
        Assert.NotNull(HostPolicyMessages.FromMessage(trial).Trial);
        Assert.NotNull((await controller.Status()).Trial);
    }

    [Fact]
    public async Task A_VM_that_comes_during_the_trial_is_in_both()
    {
        await using var controller = await RunningController.Start();
        await using var agent = await Guarded(controller);
        await agent.NextPolicy();
        await Try(controller, Sample.Open("shop", 81), 600);
        await agent.NextPolicy();
        await agent.Has(Sample.Vm(1, "shop", "10.8.0.5"), Sample.Vm(2, "shop", "10.8.0.6"));
        var later = await agent.NextPolicy();
        Assert.Equal((2, 2), (later.Nics.Count, later.Fallback.Nics.Count));
        Assert.Equal([80u], Ports(later.Fallback));
    }

    [Fact]
    public async Task Confirmed_it_stays_and_the_log_says_so()
    {
        await using var controller = await RunningController.Start();
        await using var agent = await Guarded(controller);
        await agent.NextPolicy();
        await Try(controller, Sample.Open("shop", 81), 600);
        var trial = await agent.NextPolicy();
        Assert.Equal(HttpStatusCode.OK, await Post(controller, "/v1/confirm", ""));
        var kept = await agent.NextPolicy();
        Assert.True(kept.Sequence > trial.Sequence);
        Assert.Equal((0L, null), (kept.ConfirmBy, kept.Fallback));
        Assert.Equal([81u], Ports(kept));
        var last = (await controller.Revisions())[^1];
        Assert.Equal(("shop", 2L, "confirmed"), (last.Tenant, last.Revision, last.Note));
        Assert.Null((await controller.Status()).Trial);
        Assert.Equal(HttpStatusCode.NotFound, await Post(controller, "/v1/confirm", ""));
    }

    [Fact]
    public async Task Not_confirmed_in_time_it_is_taken_back_as_a_new_revision()
    {
        await using var controller = await RunningController.Start();
        await using var agent = await Guarded(controller);
        await agent.NextPolicy();
        var said = await Try(controller, Sample.Open("shop", 81) + Sample.Group("shop", "new"), 1);
        await agent.NextPolicy();
        var back = await agent.NextPolicy();
        Assert.True(DateTimeOffset.UtcNow >= said.ConfirmBy);
        Assert.Equal([80u], Ports(back));
        Assert.Equal(0, back.ConfirmBy);
        var last = (await controller.Revisions())[^1];
        Assert.Equal(("shop", 3L, "clock"), (last.Tenant, last.Revision, last.By));
        Assert.StartsWith("rolled back: not confirmed by", last.Note, StringComparison.Ordinal);
        Assert.Equal(["group/shop/new", "policy/shop/open"], last.Changed);
        Assert.Equal(["guard/platform/all", "policy/shop/open"], (await controller.Documents()).Select(d => d.Ref));
    }

    [Fact]
    public async Task A_controller_that_was_dead_at_the_deadline_takes_it_back_when_it_is_there_again()
    {
        await using var controller = await RunningController.Start();
        await using (var agent = await Guarded(controller)) await agent.NextPolicy();
        await Try(controller, Sample.Open("shop", 81), 1);
        await controller.Close();
        await Task.Delay(1500, Cancel);
        await controller.Restart();
        await controller.Until(s => s.Trial is null);
        Assert.Contains("tcp/80", (await controller.Documents()).Single(d => d.Kind == "Policy").Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_survives_a_restart_and_what_was_before_with_it()
    {
        await using var controller = await RunningController.Start();
        await using (var agent = await Guarded(controller)) await agent.NextPolicy();
        await Try(controller, Sample.Open("shop", 81), 600);
        await controller.Restart();
        await using var again = await controller.Dial(Sample.HostA, "a");
        await again.Has(Sample.Vm(1, "shop", "10.8.0.5"), Sample.Vm(3, "shop", "10.8.0.7"));
        HostPolicyMessage trial;
        do trial = await again.NextPolicy();
        while (trial.Nics.Count < 2);
        Assert.Equal([81u], Ports(trial));
        Assert.Equal([80u], Ports(trial.Fallback));
        Assert.Equal(HttpStatusCode.OK, await Post(controller, "/v1/rollback", "{}"));
        Assert.Equal("rolled back before it was confirmed", (await controller.Revisions())[^1].Note);
    }

    [Fact]
    public async Task Nothing_else_is_committed_meanwhile()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80));
        await Try(controller, Sample.Open("shop", 81), 600);
        Assert.Equal(HttpStatusCode.Conflict, (await controller.Client.PostAsJsonAsync("/v1/apply", new ApplyRequest([new("p", Sample.Open("rival", 1))]), ApiJson.Default.ApplyRequest, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await controller.Client.DeleteAsync("/v1/documents/policy/shop/open", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, await Post(controller, "/v1/rollback", """{"tenant": "shop", "revision": 1}"""));
    }

    [Fact]
    public async Task An_older_revision_comes_back_as_a_new_one()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80));
        await controller.Apply(Sample.Open("shop", 81) + Sample.Group("shop", "new"));
        Assert.Equal(HttpStatusCode.OK, await Post(controller, "/v1/rollback", """{"tenant": "shop", "revision": 1}"""));
        var last = (await controller.Revisions())[^1];
        Assert.Equal((3L, "rolled back to 1"), (last.Revision, last.Note));
        Assert.Equal(HttpStatusCode.OK, await Post(controller, "/v1/rollback", """{"tenant": "shop", "revision": 0}"""));
        Assert.Equal(["guard/platform/all"], (await controller.Documents()).Select(d => d.Ref));
        Assert.Equal(HttpStatusCode.NotFound, await Post(controller, "/v1/rollback", """{"tenant": "shop", "revision": 9}"""));
        Assert.Equal(HttpStatusCode.NotFound, await Post(controller, "/v1/rollback", "{}"));
        Assert.Equal(HttpStatusCode.BadRequest, await Post(controller, "/v1/rollback", """{"tenant": "shop"}"""));
    }

    private static async Task<PretendedAgent> Guarded(RunningController controller)
    {
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80));
        var agent = await controller.Dial(Sample.HostA, "a");
        await agent.Has(Sample.Vm(1, "shop", "10.8.0.5"));
        return agent;
    }

    private static async Task<ApplyResult> Try(RunningController controller, string text, int seconds)
    {
        var (status, result) = await controller.TryApply(new([new("policy.yaml", text)], ConfirmWithin: seconds));
        Assert.Equal(HttpStatusCode.OK, status);
        return result;
    }

    private static async Task<HttpStatusCode> Post(RunningController controller, string path, string json)
    {
        using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var answer = await controller.Client.PostAsync(path, content, Cancel);
        return answer.StatusCode;
    }

    private static uint[] Ports(HostPolicyMessage policy) => [.. policy.Rules.SelectMany(r => r.Services).Select(s => s.Low).Distinct()];
}
