using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Merlon.Contracts.Api;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>Applies over the real API: all named documents or none, one after the other, each a revision.</summary>
public class ApplyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_bad_document_of_twenty_changes_nothing()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80));
        var (revisions, documents, status) = (await controller.Revisions(), await controller.Documents(), await controller.Status());
        var good = string.Concat(Enumerable.Range(0, 19).Select(i => Sample.Group(i % 2 == 0 ? "shop" : "rival", $"g{i}")));
        var (code, refused) = await controller.TryApply(new([new("a.yaml", good), new("b.yaml", Sample.Group("shop", "bad", "{groups: [nobody]}"))]));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, false), (code, refused.Applied));
        Assert.Equal(("error", "b.yaml"), (refused.Diagnostics.Single().Severity, refused.Diagnostics.Single().File));
        Assert.Equal(revisions.Select(r => r.Revision), (await controller.Revisions()).Select(r => r.Revision));
        Assert.Equal(documents, await controller.Documents());
        Assert.Equal(status.Sequence, (await controller.Status()).Sequence);
        await controller.Restart();
        Assert.Equal(documents, await controller.Documents());
    }

    [Fact]
    public async Task Applies_that_come_together_are_taken_one_after_the_other_each_whole()
    {
        const int Applies = 24;
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard);
        var results = await Task.WhenAll(Enumerable.Range(1, Applies).Select(i =>
            controller.Apply(Sample.Open("shop", i, "all") + Sample.Open("shop", i, $"p{i}") + Sample.Group("shop", $"g{i}"))));
        Assert.All(results, r => Assert.True(r.Applied));
        Assert.Equal(Enumerable.Range(1, Applies).Select(i => (long)i), results.Select(r => Assert.Single(r.Revisions).Revision).Order());
        var stored = (await controller.Revisions()).Where(r => r.Tenant == "shop").ToList();
        Assert.Equal(Enumerable.Range(1, Applies).Select(i => (long)i), stored.Select(r => r.Revision));
        for (var i = 1; i <= Applies; i++)
        {
            var mine = results[i - 1].Revisions[0];
            Assert.Equal([$"group/shop/g{i}", "policy/shop/all", $"policy/shop/p{i}"], mine.Changed);
            Assert.Equal(mine.Changed, stored[(int)mine.Revision - 1].Changed);
        }
        // The document that all of them wrote is the last one's, and the others stand at their own revisions.
        var documents = (await controller.Documents()).ToDictionary(d => d.Ref);
        Assert.Equal(2 * Applies + 2, documents.Count);
        var last = Array.FindIndex(results, r => r.Revisions[0].Revision == Applies) + 1;
        Assert.Equal(Applies, documents["policy/shop/all"].Revision);
        Assert.Contains($"tcp/{last}]", documents["policy/shop/all"].Text, StringComparison.Ordinal);
        for (var i = 1; i <= Applies; i++) Assert.Equal(results[i - 1].Revisions[0].Revision, documents[$"group/shop/g{i}"].Revision);
    }

    [Fact]
    public async Task Revisions_are_only_added_and_every_tenant_has_its_own()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80) + Sample.Open("rival", 80) + Sample.Group("shop", "web"));
        var first = await controller.Revisions();
        Assert.Equal([("platform", 1L), ("rival", 1L), ("shop", 1L)], first.Select(r => (r.Tenant, r.Revision)).Order());
        var again = await controller.Apply(Sample.Open("shop", 80) + "# said again\n");
        Assert.True(again.Applied);
        Assert.Empty(again.Changed);
        await controller.Apply(Sample.Open("shop", 81), prune: true);
        using (await controller.Client.DeleteAsync("/v1/documents/policy/rival/open", Cancel)) { }
        await controller.Restart();
        var all = await controller.Revisions();
        Assert.Equal(first.Select(Line), all.Take(3).Select(Line));
        Assert.Equal(["shop 2: group/shop/web, policy/shop/open", "rival 2: policy/rival/open"], all.Skip(3).Select(Line));
        Assert.Equal(["guard/platform/all", "policy/shop/open"], (await controller.Documents()).Select(d => d.Ref));
        // A tenant that has lost its last document goes on counting.
        Assert.Equal(3, Assert.Single((await controller.Apply(Sample.Open("rival", 80))).Revisions).Revision);
    }

    private static string Line(RevisionRecord r) => $"{r.Tenant} {r.Revision}: {string.Join(", ", r.Changed)}";

    [Fact]
    public async Task A_dry_run_says_what_would_be_and_leaves_all_as_it_is()
    {
        await using var controller = await RunningController.Start();
        var said = await controller.Apply(Sample.Guard, dryRun: true);
        Assert.Equal((false, 1), (said.Applied, Assert.Single(said.Revisions).Revision));
        Assert.Equal(["guard/platform/all"], said.Changed);
        Assert.Empty(await controller.Documents());
        Assert.Empty(await controller.Revisions());
    }

    [Fact]
    public async Task What_others_need_is_not_deleted_and_what_is_not_there_is_404()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Group("shop", "web") + Sample.Group("shop", "all", "{groups: [web]}"));
        using var needed = await controller.Client.DeleteAsync("/v1/documents/group/shop/web", Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, needed.StatusCode);
        using var missing = await controller.Client.DeleteAsync("/v1/documents/group/shop/nobody", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal(2, (await controller.Documents()).Count);
    }

    [Theory]
    [InlineData("""{"files": [{"path": "a", "text": ""}], "conections": "keep"}""", 400)]
    [InlineData("""{"files": []}""", 400)]
    [InlineData("""{"files": [null]}""", 400)]
    [InlineData("""{"files": [{"path": "a", "text": ""}, {"path": "a", "text": ""}]}""", 400)]
    [InlineData("""{"files": """, 400)]
    [InlineData("null", 400)]
    public async Task A_request_that_is_not_understood_says_why(string body, int status)
    {
        await using var controller = await RunningController.Start();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await controller.Client.PostAsync("/v1/apply", content, Cancel);
        Assert.Equal(status, (int)answer.StatusCode);
        var error = System.Text.Json.JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(Cancel), ApiJson.Default.ApiError)!;
        Assert.NotEmpty(error.Message);
    }

    [Fact]
    public async Task A_request_larger_than_any_manifest_is_refused_before_it_is_read()
    {
        await using var controller = await RunningController.Start();
        using var content = new StreamContent(new MemoryStream(new byte[33 << 20]));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/apply") { Content = content };
        request.Headers.ExpectContinue = true;
        using var answer = await controller.Client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }
}
