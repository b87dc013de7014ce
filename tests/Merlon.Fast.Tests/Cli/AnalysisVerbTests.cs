using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Fast.Tests.Controller;
using Merlon.Fast.Tests.Policy;
using Xunit;

namespace Merlon.Fast.Tests.Cli;

/// <summary>diff, plan, prove and what check warns of, through the command line.</summary>
public sealed class AnalysisVerbTests : IDisposable
{
    private static readonly string Vms = Scene.VmsOf(Scene.Vm("web-1", "tier: web", "10.8.0.5"), Scene.Vm("db-1", "tier: db", "10.8.0.7"));
    private static readonly string Groups = Scene.Group("web", "{select: {labels: {tier: web}}}") + Scene.Group("db", "{select: {labels: {tier: db}}}");
    private static readonly string Old = Groups + Scene.Rules("app", "name: web-db, from: [group/web], to: [group/db], services: [tcp/5432], action: allow");
    private static readonly string New = Groups + Scene.Rules("app", "name: web-db, from: [group/web], to: [group/db], services: [tcp/5433], action: allow");

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("merlon-analysis");

    [Fact]
    public async Task Diff_ends_with_0_2_or_1()
    {
        var (old, now, vms) = (File("old.yaml", Old), File("new.yaml", New), File("vms.yaml", Vms));
        var same = await CommandLine.Run("diff", old, old, "-i", vms);
        Assert.Equal((0, "", "no traffic changes its answer\n"), (same.Code, same.Out, same.Error));
        var other = await CommandLine.Run("diff", old, now, "-i", vms);
        Assert.Equal((2, "1 opened, 1 closed, 0 answered otherwise\n"), (other.Code, other.Error));
        Golden.Expect("diff", other.Out);
        Assert.Equal(1, (await CommandLine.Run("diff", old, folder.FullName + "/missing.yaml")).Code);
        Assert.Equal(1, (await CommandLine.Run("diff", old, "shop@3")).Code);
    }

    [Fact]
    public async Task Prove_ends_with_0_6_or_1()
    {
        string[] with = ["-f", File("old.yaml", Old), "-i", File("vms.yaml", Vms)];
        var never = await CommandLine.Run(["prove", "--from", "group/db", "--to", "group/web", .. with]);
        Assert.Equal(0, never.Code);
        Assert.StartsWith("proved never: group/db -> group/web any\n", never.Out, StringComparison.Ordinal);
        var reached = await CommandLine.Run(["prove", "--from", "any", "--to", "vm/db-1", .. with, "-o", "json"]);
        var answer = JsonSerializer.Deserialize(reached.Out, ApiJson.Default.ProveAnswer)!;
        Assert.Equal((6, false, "allow", "tcp/5432"), (reached.Code, answer.Never, answer.Witness!.Verdict, answer.Witness.Service));
        Assert.Equal(["out of VM", "into VM"], answer.Witness.Hops.Select(h => h.Where));
        foreach (var (from, service, error) in new[]
        {
            ("group/wep", "any", "error: group/wep does not exist; did you mean 'web'?\n"),
            ("10.8.0.5/24", "any", "error: '10.8.0.5/24' has host bits set; did you mean '10.8.0.0/24' or '10.8.0.5/32'?\n"),
            ("any", "tcp/ssh", "error: 'ssh' is no port; expected PORT or PORT-PORT\n"),
        })
        {
            var said = await CommandLine.Run(["prove", "--from", from, "--to", "group/db", "--service", service, .. with]);
            Assert.Equal((1, "", error), (said.Code, said.Out, said.Error));
        }
    }

    [Fact]
    public async Task Check_warns_of_rules_that_do_nothing_and_does_not_fail()
    {
        var path = File("old.yaml", Old + "  - {name: again, from: [vm/web-1], to: [vm/db-1], services: [tcp/5432], action: allow}\n");
        var said = await CommandLine.Run("check", path, "-i", File("vms.yaml", Vms));
        Assert.Equal((0, $"{path}:18:5: warning rule-shadowed: rule shop/app/again never decides (before it: shop/app/web-db ({path}:17))\n", "4 documents, 0 errors, 1 warnings\n"), (said.Code, said.Out, said.Error));
    }

    [Fact]
    public async Task Plan_offline_ends_with_0_2_or_1()
    {
        var (old, now, vms) = (File("old.yaml", Old), File("new.yaml", New), File("vms.yaml", Vms));
        Assert.Equal(0, (await CommandLine.Run("plan", "-f", old, "--against", old, "-i", vms)).Code);
        var said = await CommandLine.Run("plan", "-f", now, "--against", old, "-i", vms, "-o", "json");
        var plan = JsonSerializer.Deserialize(said.Out, ApiJson.Default.PlanResult)!;
        Assert.Equal(2, said.Code);
        Assert.Equal(["policy/shop/app"], plan.Documents);
        Assert.Equal(["opened tcp/5433", "closed tcp/5432"], plan.Changes.Select(c => $"{c.Change} {Assert.Single(c.Services.Names)}"));
        Assert.Equal(1, (await CommandLine.Run("plan", "-f", File("bad.yaml", Old + "x"), "--against", old)).Code);
        var test = "---\napiVersion: merlon/v1\nkind: PolicyTest\nmetadata: {name: kept, tenant: shop}\nspec: {cases: [{from: vm/web-1, to: vm/db-1, service: tcp/5432, expect: allow}]}\n";
        Assert.Equal(6, (await CommandLine.Run("plan", "-f", File("tested.yaml", New + test), "--against", old, "-i", vms)).Code);
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData(0, " (apply --connections drain=SPAN: after that time; keep: not at all)")]
    [InlineData(1, " (1 of them at once with any --connections; the others with drain=SPAN after that time, with keep not at all)")]
    [InlineData(2, " (at once, with --connections drain=SPAN and keep too)")]
    public async Task Plan_tells_which_connections_are_cut_at_once_under_drain_and_keep_too(int? atOnce, string told)
    {
        await using var api = await FakeController.Start();
        ConnectionRecord[] cut = [.. new[] { 22, 80 }.Select(port => new ConnectionRecord(new("web-1", "u-1", 0, "shop", "10.8.0.5", 40000), new("db-1", "u-2", 0, "shop", "10.8.0.7", port),
            $"tcp/{port}", "established", null, null, 10, 9, 1000, 900, 299_000, 12_345, "both", "br0"))];
        api.Says("POST /v1/plan", new(new Dictionary<string, long>(), ["guard/all"], [], cut, [], CutAtOnce: atOnce is { } first ? cut[..first] : null), ApiJson.Default.PlanResult);
        var said = await CommandLine.Run(api.Environment, "plan", "-f", File("new.yaml", New));
        Assert.Equal((2, $"1 documents change; no traffic changes its answer; 2 live connections would be cut{told}\n"), (said.Code, said.Error));
        if (atOnce == 1) Golden.Expect("plan-cut", said.Out);
        Assert.Equal(atOnce is not null, said.Out.Contains("DRAIN, KEEP", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_plan_is_applied_once_and_refused_when_its_base_has_moved()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80));
        // Gone before it could be asked for connections; its VMs are known.
        await using (var agent = await controller.Dial(Sample.HostA, "host-a"))
        {
            await agent.Has(Sample.Vm(1, "shop", "10.8.0.5"), Sample.Vm(2, "shop", "10.8.0.6"));
            await controller.Until(s => s.Hosts.Any(h => h.SequenceWanted > 0));
        }
        await controller.Until(s => !s.Hosts[0].Connected);
        var (files, plan) = (File("new.yaml", Sample.Open("shop", 81)), Path.Combine(folder.FullName, "change.plan"));
        var said = await CommandLine.Run(controller.Environment, "plan", "-f", files, "--out", plan);
        Assert.Equal(2, said.Code);
        Assert.Contains("tcp/81", said.Out, StringComparison.Ordinal);
        Assert.Equal(0, (await CommandLine.Run(controller.Environment, "apply", plan)).Code);
        var again = await CommandLine.Run(controller.Environment, "apply", plan);
        Assert.Equal((5, "error: the policy has changed since the plan was made: tenant shop is at revision 2, the plan is for 1; plan again, look at the difference, and apply that\n"), (again.Code, again.Error));
        Assert.Equal(0, (await CommandLine.Run(controller.Environment, "plan", "-f", files)).Code);
        Assert.Equal(1, (await CommandLine.Run(controller.Environment, "apply", plan, "-f", files)).Code);
        Assert.Equal(1, (await CommandLine.Run(controller.Environment, "apply", files)).Code);
        var diff = await CommandLine.Run(controller.Environment, "diff", "shop@1", "shop@now", "-o", "json");
        Assert.Equal((2, "2 opened, 2 closed, 0 answered otherwise\n"), (diff.Code, diff.Error));
        Assert.Equal(2, (await CommandLine.Run(controller.Environment, "diff", "shop@0", "shop@2")).Code);
        Assert.Equal(0, (await CommandLine.Run(controller.Environment, "diff", "shop@2", "shop@2")).Code);
        Assert.Equal(3, (await CommandLine.Run(controller.Environment, "diff", "shop@2", "shop@9")).Code);
        Assert.Equal(6, (await CommandLine.Run(controller.Environment, "prove", "--from", "vm/vm-1", "--to", "vm/vm-2", "--service", "tcp/81")).Code);
        Assert.Equal(1, (await CommandLine.Run(controller.Environment, "prove", "--from", "vm/vm-1", "--to", "vm/vm-3")).Code);
    }

    public void Dispose() => folder.Delete(recursive: true);

    private string File(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }
}
