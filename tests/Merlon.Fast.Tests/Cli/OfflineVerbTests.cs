using System.Text.Json;
using Merlon.Contracts.Api;
using Xunit;

namespace Merlon.Fast.Tests.Cli;

public sealed class OfflineVerbTests : IDisposable
{
    private const string Policy = """
        apiVersion: merlon/v1
        kind: Group
        metadata: {name: db, tenant: shop}
        spec: {select: {labels: {tier: db}}}
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: app, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: web-db, from: [vm/web-1], to: [group/db], services: [tcp/5432], action: allow}

        """;

    private const string Inventory = """
        apiVersion: merlon/v1
        kind: Inventory
        spec:
          vms:
          - {name: web-1, tenant: shop, labels: {tier: web}, nics: [{mac: 52:54:00:00:00:05, network: br0, addresses: [10.8.0.5]}]}
          - {name: db-1, tenant: shop, labels: {tier: db}, nics: [{mac: 52:54:00:00:00:07, network: br0, addresses: [10.8.0.7]}]}

        """;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("merlon-offline");

    [Fact]
    public async Task Check_is_silent_on_stdout_when_all_is_well()
    {
        var said = await CommandLine.Run("check", File("policy.yaml", Policy), "-i", File("inventory.yaml", Inventory));
        Assert.Equal((0, "", "3 documents, 0 errors, 0 warnings\n"), (said.Code, said.Out, said.Error));
    }

    [Fact]
    public async Task Check_shows_every_error_with_its_place()
    {
        var path = File("bad.yaml", Policy.Replace("group/db", "group/dp", StringComparison.Ordinal).Replace("tcp/5432", "tcp/70000", StringComparison.Ordinal));
        var said = await CommandLine.Run("check", path);
        Assert.Equal(1, said.Code);
        Assert.StartsWith($"{path}:12:", said.Out, StringComparison.Ordinal);
        Assert.Contains("70000", said.Out, StringComparison.Ordinal);
        var json = await CommandLine.Run("check", path, "-o", "json");
        Assert.All(JsonSerializer.Deserialize(json.Out, ApiJson.Default.IReadOnlyListDiagnosticRecord)!, d => Assert.Equal((path, 12), (d.File, d.Line)));
    }

    [Fact]
    public async Task Check_tells_what_is_over_a_limit_of_the_image_at_the_rule_that_takes_most()
    {
        var members = string.Join(", ", Enumerable.Range(1, 2100).Select(p => $"{{service: tcp/{p}, sourcePort: {p}}}"));
        var path = File("large.yaml", Policy.Replace("tcp/5432", "service/pairs", StringComparison.Ordinal)
            + $"---\napiVersion: merlon/v1\nkind: Service\nmetadata: {{name: pairs, tenant: shop}}\nspec: {{members: [{members}]}}\n");
        Assert.Equal((0, ""), (await CommandLine.Run("check", path)) is var alone ? (alone.Code, alone.Out) : default);
        var said = await CommandLine.Run("check", path, "-i", File("inventory.yaml", Inventory), "-o", "json");
        var limit = Assert.Single(JsonSerializer.Deserialize(said.Out, ApiJson.Default.IReadOnlyListDiagnosticRecord)!, d => d.Code == "limit");
        Assert.Equal((1, "error", path, 12), (said.Code, limit.Severity, limit.File, limit.Line));
        Assert.StartsWith("service combinations (destination ports by source ports): 4414201 are more than 4194304 (", limit.Message, StringComparison.Ordinal);
        Assert.Equal(Merlon.Policy.Analyze.LimitErrors.Smaller, limit.Hint);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("image")]
    public async Task Cases_pass_or_end_with_6(string engine)
    {
        string[] common = ["test", "-f", File("policy.yaml", Policy), "-i", File("inventory.yaml", Inventory), "--engine", engine];
        var good = await CommandLine.Run([.. common, File("good.json", """[{"from": "vm/web-1", "to": "vm/db-1", "service": "tcp/5432", "expect": "allow"}]""")]);
        Assert.Equal((0, "1 passed, 0 failed\n"), (good.Code, good.Error));
        Golden.Expect($"test-{engine}", good.Out);
        var bad = await CommandLine.Run([.. common, File("bad.yaml", "- {from: vm/web-1, to: vm/db-1, service: tcp/22, expect: allow}\n"), "-o", "json"]);
        Assert.Equal(6, bad.Code);
        var result = Assert.Single(JsonSerializer.Deserialize(bad.Out, ApiJson.Default.IReadOnlyListCaseResult)!);
        Assert.Equal((false, "deny", engine), (result.Ok, result.Verdict, result.Engine));
    }

    [Fact]
    public async Task Results_are_written_for_CI_servers()
    {
        var file = File("results.xml", "");
        var said = await CommandLine.Run("test", "-f", File("policy.yaml", Policy), "-i", File("inventory.yaml", Inventory), "--junit", file,
            File("two.yaml", "- {from: vm/web-1, to: vm/db-1, service: tcp/5432, expect: allow}\n- {from: vm/web-1, to: vm/db-1, service: tcp/22, expect: allow}\n"));
        Assert.Equal(6, said.Code);
        var suite = System.Xml.Linq.XDocument.Parse(await System.IO.File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Root!;
        Assert.Equal(("2", "1"), (suite.Attribute("tests")!.Value, suite.Attribute("failures")!.Value));
        Assert.Equal("expected allow, got deny (default)", suite.Elements("testcase").Last().Element("failure")!.Attribute("message")!.Value);
        Assert.Empty(suite.Elements("testcase").First().Elements());
    }

    [Fact]
    public async Task Explain_answers_offline_with_rule_and_line()
    {
        string[] with = ["-f", File("policy.yaml", Policy), "-i", File("inventory.yaml", Inventory), "-o", "json"];
        var said = await CommandLine.Run(["explain", "web-1", "db-1", "tcp/5432", .. with]);
        var answer = JsonSerializer.Deserialize(said.Out, ApiJson.Default.ExplainResult)!;
        Assert.Equal((0, "allow"), (said.Code, answer.Verdict));
        Assert.Equal(["shop/app/web-db@0", "shop/app/web-db@0"], answer.Hops.Select(h => h.Rule));
        Assert.Equal(12, answer.Hops[0].Line);
        Assert.Equal(3, (await CommandLine.Run(["explain", "web-9", "db-1", "tcp/22", .. with])).Code);
    }

    [Fact]
    public async Task The_kernel_engine_without_an_agent_names_the_mend()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "asks for root first");
        var said = await CommandLine.Run(new Dictionary<string, string> { ["MERLON_AGENT"] = "/nowhere/merlon-agent" },
            "test", "-f", File("policy.yaml", Policy), "-i", File("inventory.yaml", Inventory), "--engine", "kernel",
            File("good.json", """[{"from": "vm/web-1", "to": "vm/db-1", "service": "tcp/5432", "expect": "allow"}]"""));
        Assert.Equal(1, said.Code);
        Assert.Contains("install merlon-agent beside merlon", said.Error, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Delete(recursive: true);

    private string File(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }
}
