using System.Net;
using System.Net.Http.Json;
using Merlon.Contracts.Api;
using Merlon.Fast.Tests.Cli;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>PolicyTests that were applied keep changes back that break them.</summary>
public class StoredTestsTests
{
    private const string Platform = Sample.Guard + """
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: site, tenant: platform}
        spec: {tier: platform, rules: [{name: no-telnet, from: [any], to: [any], services: [tcp/23], action: deny}]}

        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_that_breaks_a_test_is_refused_with_its_place_and_changes_nothing()
    {
        await using var controller = await Started();
        var (revisions, documents, sequence) = (await controller.Revisions(), await controller.Documents(), (await controller.Status()).Sequence);
        var (code, refused) = await controller.TryApply(new([new("change.yaml", Sample.Open("shop", 81))]));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, false), (code, refused.Applied));
        Assert.Equal(("error", "test-failed", "policy.yaml", 21), refused.Diagnostics.Select(d => (d.Severity, d.Code, d.File, d.Line)).Single());
        Assert.Contains("expected allow, got deny", refused.Diagnostics[0].Message, StringComparison.Ordinal);
        using var plan = await controller.Client.PostAsJsonAsync("/v1/plan", new ApplyRequest([new("change.yaml", Sample.Open("shop", 81))]), ApiJson.Default.ApplyRequest, Cancel);
        Assert.Equal("test-failed", (await plan.Content.ReadFromJsonAsync(ApiJson.Default.PlanResult, Cancel))!.Diagnostics.Single().Code);
        using var deleted = await controller.Client.DeleteAsync("/v1/documents/policy/shop/open", Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, deleted.StatusCode);
        Assert.Equal(revisions.Select(r => r.Revision), (await controller.Revisions()).Select(r => r.Revision));
        Assert.Equal(documents, await controller.Documents());
        Assert.Equal(sequence, (await controller.Status()).Sequence);
    }

    [Fact]
    public async Task A_change_of_the_platform_is_held_against_every_tenants_tests()
    {
        await using var controller = await Started();
        var (_, refused) = await controller.TryApply(new([new("p.yaml", Platform.Replace("tcp/23", "tcp/80", StringComparison.Ordinal))]));
        Assert.Equal(["test-failed"], refused.Diagnostics.Select(d => d.Code));
        await controller.Apply(Platform.Replace("tcp/23", "tcp/22", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_tenants_test_keeps_another_from_its_own_rules()
    {
        await using var controller = await Started();
        await controller.Apply(Sample.Open("rival", 80) + Test("rival", 3, 4, 80, "allow"));
        await controller.Apply(Sample.Open("shop", 80) + Sample.Open("shop", 90, "more"));
        // Its own does.
        Assert.False((await controller.TryApply(new([new("r.yaml", Sample.Open("rival", 81))]))).Result.Applied);
    }

    [Fact]
    public async Task A_case_that_failed_before_is_a_warning_and_a_new_one_must_hold()
    {
        await using var controller = await Started();
        Assert.Equal(0, (await CommandLine.Run(controller.Environment, "isolate", "vm-1", "--for", "1h")).Code);
        var (code, applied) = await controller.TryApply(new([new("more.yaml", Sample.Open("shop", 90, "more"))]));
        Assert.Equal((HttpStatusCode.OK, true), (code, applied.Applied));
        Assert.Equal(("warning", "test-failed"), applied.Diagnostics.Select(d => (d.Severity, d.Code)).Single());
        var (_, refused) = await controller.TryApply(new([new("new.yaml", Test("shop", 1, 2, 90, "allow", "another"))]));
        Assert.Contains(refused.Diagnostics, d => d is { Severity: "error", Code: "test-failed", File: "new.yaml" });
    }

    [Fact]
    public async Task An_expired_rule_is_not_there_and_an_instant_is_asked_as_it_is()
    {
        await using var controller = await Started();
        await controller.Apply(Sample.Open("shop", 91, "old").Replace("action: allow", "action: allow, expiresAt: 2020-01-01", StringComparison.Ordinal));
        var (_, refused) = await controller.TryApply(new([new("now.yaml", Test("shop", 1, 2, 91, "allow", "then"))]));
        Assert.Equal(["test-failed"], refused.Diagnostics.Select(d => d.Code));
        await controller.Apply(Test("shop", 1, 2, 91, "allow", "then").Replace("expect", "at: 2019-01-01, expect", StringComparison.Ordinal));
    }

    /// <summary>One packet that failed all along does not hide another that fails now.</summary>
    [Fact]
    public async Task A_case_that_fails_for_one_member_still_guards_the_others()
    {
        await using var controller = await Started();
        await controller.Apply(Sample.Group("shop", "all") + Sample.Open("shop", 92, "more") + Test("shop", 1, 2, 92, "allow", "all").Replace("from: vm/vm-1", "from: group/all", StringComparison.Ordinal));
        Assert.Equal(0, (await CommandLine.Run(controller.Environment, "isolate", "vm-1", "--for", "1h")).Code);
        await using (var agent = await controller.Dial(Sample.HostA, "host-a"))
        {
            var wanted = (await controller.Host(Sample.HostA)).SequenceWanted;
            await agent.Has(Sample.Vm(1, "shop", "10.8.0.1"), Sample.Vm(2, "shop", "10.8.0.2"), Sample.Vm(3, "rival", "10.8.0.3"), Sample.Vm(4, "rival", "10.8.0.4"), Sample.Vm(5, "shop", "10.8.0.5"));
            await controller.Until(s => s.Hosts[0].SequenceWanted > wanted);
        }
        await controller.Apply(Sample.Open("shop", 93, "other"));
        Assert.False((await controller.TryApply(new([new("m.yaml", Sample.Open("shop", 94, "more"))]))).Result.Applied);
    }

    [Fact]
    public async Task Tests_beyond_their_bounds_keep_back_their_own_tenants_changes_alone()
    {
        await using var controller = await Started();
        var instants = string.Concat(Enumerable.Range(0, 17).Select(i => $"  - {{from: vm/vm-1, to: vm/vm-2, service: tcp/80, at: {1_700_000_000 + i * 3600}, expect: allow}}\n"));
        var many = Test("shop", 1, 2, 80, "allow", "many") + instants;
        var (_, refused) = await controller.TryApply(new([new("many.yaml", many)]));
        Assert.Contains(refused.Diagnostics, d => d is { Severity: "error", Code: "limit" } && d.Message.Contains("16 instants", StringComparison.Ordinal));
        await controller.Apply(Sample.Open("rival", 80));
    }

    private static async Task<RunningController> Started()
    {
        var controller = await RunningController.Start();
        await using (var agent = await controller.Dial(Sample.HostA, "host-a"))
        {
            await agent.Has(Sample.Vm(1, "shop", "10.8.0.1"), Sample.Vm(2, "shop", "10.8.0.2"), Sample.Vm(3, "rival", "10.8.0.3"), Sample.Vm(4, "rival", "10.8.0.4"));
            await controller.Apply(Sample.Open("shop", 70));
            await controller.Apply(Platform + Sample.Open("shop", 80) + Test("shop", 1, 2, 80, "allow"));
            await controller.Until(s => s.Hosts.Any(h => h.SequenceWanted > 0));
        }
        return controller;
    }

    private static string Test(string tenant, int from, int to, int port, string expect, string name = "kept") => $$"""
        ---
        apiVersion: merlon/v1
        kind: PolicyTest
        metadata: {name: {{name}}, tenant: {{tenant}}}
        spec:
          cases:
          - {from: vm/vm-{{from}}, to: vm/vm-{{to}}, service: tcp/{{port}}, expect: {{expect}}}

        """;
}
