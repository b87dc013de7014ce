using System.Net;
using System.Net.Http.Json;
using Merlon.Contracts.Api;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>A protected policy through every door that writes policy: it stays as it is unless the call names it, and then the log says so.</summary>
public class ProtectedTests
{
    private const string Name = "platform/management";

    private const string Entry = """
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: management, tenant: platform}
        spec: {tier: emergency, protected: true, rules: [{name: ssh, from: [group/admins], to: [any], services: [service/shell], action: allow}]}
        ---
        apiVersion: merlon/v1
        kind: Group
        metadata: {name: admins, tenant: platform}
        spec: {groups: [desks]}
        ---
        apiVersion: merlon/v1
        kind: Group
        metadata: {name: desks, tenant: platform}
        spec: {cidrs: [192.0.2.0/24, 198.51.100.0/24]}
        ---
        apiVersion: merlon/v1
        kind: Service
        metadata: {name: shell, tenant: platform}
        spec: {members: [tcp/22]}

        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Changes => new()
    {
        { "policy/platform/management", Entry[..Entry.IndexOf("---\napiVersion: merlon/v1\nkind: Group", StringComparison.Ordinal)].Replace("to: [any]", "to: [cidr/10.8.0.5/32]", StringComparison.Ordinal) },
        { "policy/platform/management", Entry[..Entry.IndexOf("---\napiVersion: merlon/v1\nkind: Group", StringComparison.Ordinal)].Replace("protected: true, ", "", StringComparison.Ordinal) },
        { "group/platform/desks", Sample.Group("platform", "desks", "{cidrs: [192.0.2.0/24]}") },
        { "group/platform/admins", Sample.Group("platform", "admins", "{groups: [desks], except: [cidr/192.0.2.0/24]}") },
        { "service/platform/shell", "apiVersion: merlon/v1\nkind: Service\nmetadata: {name: shell, tenant: platform}\nspec: {members: [tcp/23]}\n" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task An_apply_that_touches_it_is_refused_unless_it_names_it(string touched, string text)
    {
        await using var controller = await Protected();
        var before = await controller.Documents();
        var (code, refused) = await controller.TryApply(new([new("change.yaml", text)]));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, false), (code, refused.Applied));
        var found = Assert.Single(refused.Diagnostics);
        Assert.Equal(("protected", "change.yaml", "--unprotect platform/management says that this is meant"), (found.Code, found.File, found.Hint));
        if (touched != "policy/platform/management") Assert.Contains(touched, found.Message, StringComparison.Ordinal);
        Assert.Equal(before, await controller.Documents());
        var plan = await Plan(controller, new([new("change.yaml", text)]));
        Assert.Equal("protected", Assert.Single(plan.Diagnostics).Code);
        Assert.Empty((await Plan(controller, new([new("change.yaml", text)], Unprotect: [Name]))).Diagnostics);
        var (_, meant) = await controller.TryApply(new([new("change.yaml", text)], Unprotect: [Name]));
        Assert.True(meant.Applied);
        Assert.Equal("unprotects platform/management", (await controller.Revisions())[^1].Note);
    }

    [Fact]
    public async Task Neither_delete_nor_prune_nor_rollback_removes_it_by_accident()
    {
        await using var controller = await Protected();
        var path = "/v1/documents/policy/platform/management";
        using var deleted = await controller.Client.DeleteAsync(path, Cancel);
        using var other = await controller.Client.DeleteAsync(path + "?unprotect=platform/managment", Cancel);
        var pruned = await controller.Apply(Sample.Guard, prune: true);
        var rolledBack = await Rollback(controller, new("platform", 1));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, deleted.StatusCode);
        Assert.Equal(["protected", "not-protected"], (await other.Content.ReadFromJsonAsync(ApiJson.Default.ApplyResult, Cancel))!.Diagnostics.Select(d => d.Code));
        Assert.All([pruned, rolledBack], r => Assert.Contains(r.Diagnostics, d => d.Code == "protected"));
        Assert.Equal(2, (await controller.Revisions()).Count);
        Assert.True((await Rollback(controller, new("platform", 1, [Name]))).Applied);
        Assert.Equal("rolled back to 1; unprotects platform/management", (await controller.Revisions())[^1].Note);
        Assert.True((await controller.Apply(Entry)).Applied);
        using var meant = await controller.Client.DeleteAsync(path + "?unprotect=platform/management", Cancel);
        Assert.Equal(HttpStatusCode.OK, meant.StatusCode);
    }

    [Fact]
    public async Task A_trial_that_unprotects_is_put_back_and_one_that_protects_too()
    {
        await using var controller = await Protected();
        var (_, tried) = await controller.TryApply(new([new("a.yaml", Sample.Guard)], Prune: true, ConfirmWithin: 600, Unprotect: [Name]));
        Assert.True(tried.Applied);
        Assert.True((await Rollback(controller, new())).Applied);
        Assert.Contains(await controller.Documents(), d => d.Ref == "policy/platform/management");
        await controller.TryApply(new([new("a.yaml", Entry.Replace("name: management", "name: second", StringComparison.Ordinal))], ConfirmWithin: 600));
        Assert.True((await Rollback(controller, new())).Applied);
        Assert.DoesNotContain(await controller.Documents(), d => d.Ref == "policy/platform/second");
    }

    [Fact]
    public async Task What_does_not_touch_it_goes_on_and_a_restart_keeps_it_protected()
    {
        await using var controller = await Protected();
        Assert.True((await controller.Apply(Sample.Open("shop", 80) + Sample.Group("platform", "more", "{groups: [desks]}"))).Applied);
        Assert.True((await controller.Apply(Entry)).Applied);
        await controller.Restart();
        Assert.Equal([true, false], (await controller.Get("/v1/policies", ApiJson.Default.IReadOnlyListPolicyRecord)).Select(p => p.Protected));
        using var deleted = await controller.Client.DeleteAsync("/v1/documents/policy/platform/management", Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, deleted.StatusCode);
        Assert.Equal("not-protected", Assert.Single((await controller.TryApply(new([new("a.yaml", Sample.Guard)], Unprotect: ["platform/other"]))).Result.Diagnostics).Code);
    }

    /// <summary>Revision 1 of platform has the Guard alone, 2 the protected policy too.</summary>
    private static async Task<RunningController> Protected()
    {
        var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard);
        Assert.True((await controller.Apply(Entry)).Applied);
        return controller;
    }

    private static async Task<PlanResult> Plan(RunningController controller, ApplyRequest request)
    {
        using var answer = await controller.Client.PostAsJsonAsync("/v1/plan", request, ApiJson.Default.ApplyRequest, Cancel);
        return (await answer.Content.ReadFromJsonAsync(ApiJson.Default.PlanResult, Cancel))!;
    }

    private static async Task<ApplyResult> Rollback(RunningController controller, RollbackRequest request)
    {
        using var answer = await controller.Client.PostAsJsonAsync("/v1/rollback", request, ApiJson.Default.RollbackRequest, Cancel);
        return (await answer.Content.ReadFromJsonAsync(ApiJson.Default.ApplyResult, Cancel))!;
    }
}
