using Merlon.Policy.Analyze;
using Merlon.Policy.Cases;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public class SemanticDiffTests(ITestOutputHelper output)
{
    private static readonly string Vms = Scene.VmsOf(
        Scene.Vm("web-1", "tier: web", "10.8.0.5"), Scene.Vm("web-2", "tier: web", "10.8.0.6"), Scene.Vm("db-1", "tier: db", "10.8.0.7"))
        + Scene.Group("web", "{select: {labels: {tier: web}}}") + Scene.Group("db", "{select: {labels: {tier: db}}}");

    [Fact]
    public void A_new_rule_is_told_as_what_it_opens()
    {
        var changes = Diff(
            Scene.Rules("app", "name: web-db, from: [group/web], to: [group/db], services: [tcp/5432], action: allow"),
            Scene.Rules("app", "name: web-db, from: [group/web], to: [group/db], services: [tcp/5432, tcp/22], action: allow"));
        Assert.Equal(["Opened group/shop/web > group/shop/db tcp/22: Deny default, Allow shop/app/web-db@1"], changes);
    }

    [Fact]
    public void Any_is_any_in_both_families()
    {
        var changes = Diff(
            Scene.Rules("app", "name: out, from: [group/web], to: [any], services: [any], action: deny"),
            Scene.Rules("app", "name: out, from: [group/web], to: [any], services: [any], action: allow"));
        Assert.Equal(["Opened group/shop/web > any any: Deny shop/app/out@1, Allow shop/app/out@1"], changes);
    }

    [Fact]
    public void A_deny_in_front_closes_what_was_open()
    {
        var changes = Diff(
            Scene.Rules("app", "name: web-in, from: [any], to: [group/web], services: [tcp], action: allow"),
            Scene.Rules("app", "name: no, from: [cidr/192.0.2.0/24], to: [group/web], services: [tcp/80], action: reject",
                "name: web-in, from: [any], to: [group/web], services: [tcp], action: allow"));
        Assert.Equal(["Closed cidr/192.0.2.0/24 > group/shop/web tcp/80: Allow shop/app/web-in@1, Reject shop/app/no@1"], changes);
    }

    /// <summary>Every preference of a Guard that leaves something unfiltered is told in the same words.</summary>
    [Theory]
    [InlineData("{action: exclude, select: [vm/db-1]}", "Opened outside > group/shop/db any except tcp/80: Deny default, Allow ", "Opened group/shop/db > outside any: Deny default, Allow ")]
    [InlineData("{action: guard, select: [vm/db-1], directions: [in]}", "Opened group/shop/db > outside any: Deny default, Allow ")]
    [InlineData("{action: guard, select: [vm/db-1], directions: [out]}", "Opened outside > group/shop/db any except tcp/80: Deny default, Allow ")]
    [InlineData("{action: guard, select: [vm/db-1], mode: observe}", "Opened outside > group/shop/db any except tcp/80: Deny default, WouldDeny default", "Opened group/shop/db > outside any: Deny default, WouldDeny default")]
    public void A_preference_is_told_as_what_it_leaves_unfiltered(string guard, params string[] expected)
    {
        const string Rest = "---\napiVersion: merlon/v1\nkind: Guard\nmetadata: {name: rest}\nspec: {action: guard, select: [any]}\n";
        var rules = Rest + Scene.Rules("app", "name: in, from: [any], to: [vm/db-1], services: [tcp/80], action: allow");
        var changes = Diff(rules, rules + $"---\napiVersion: merlon/v1\nkind: Guard\nmetadata: {{name: some}}\nspec: {guard.Replace("{", "{priority: 1, ", StringComparison.Ordinal)}\n");
        foreach (var line in expected) Assert.Contains(line, changes);
        Assert.Equal(changes, changes.Distinct());
    }

    [Fact]
    public void Of_ten_thousand_rules_one_edited_line_is_told_alone()
    {
        string Rule(int i, int port) => $"name: r{i}, from: [cidr/172.{i / 250}.{i % 250}.0/24], to: [group/web], services: [tcp/{port}], action: allow";
        var rules = Enumerable.Range(0, 10_000).Select(i => Rule(i, 1000 + i % 100)).ToArray();
        var before = Scene.Rules("app", rules);
        rules[5003] = Rule(5003, 7);
        Assert.Equal(
        [
            "Opened cidr/172.20.3.0/24 > group/shop/web tcp/7: Deny default, Allow shop/app/r5003@1",
            "Closed cidr/172.20.3.0/24 > group/shop/web tcp/1003: Allow shop/app/r5003@1, Deny default",
        ], Diff(before, Scene.Rules("app", rules)));
    }

    [Fact]
    public void Every_witness_has_the_verdicts_it_claims()
    {
        var (changed, boxes, packets) = (0, 0, 0);
        for (var seed = 7_000_001UL; seed < 7_000_016; seed++)
        {
            var pair = new RandomRevisions(seed, 12);
            var (before, after) = (CaseRunner.PlainEngine(pair.Before.Policy, pair.Before.Vms), CaseRunner.PlainEngine(pair.After.Policy, pair.After.Vms));
            var diff = SemanticDiff.Of(pair.Before, pair.After, 500);
            Assert.Null(diff.Error);
            boxes += diff.Changes.Length;
            foreach (var change in diff.Changes)
            {
                var (old, now) = (before(change.Witness.Question(pair.Before.Vms, 500)), after(change.Witness.Question(pair.After.Vms, 500)));
                Assert.True((old.Verdict, now.Verdict) == (change.Before.Verdict, change.After.Verdict), $"seed {seed} {Line(change)} {change.Witness}: {old} {now}\n{pair.Text}");
                packets++;
            }
            changed += diff.Changes.Length > 0 ? 1 : 0;
        }
        output.WriteLine($"{boxes} boxes in {changed} pairs, {packets} packets");
        Assert.True(boxes > 100);
    }

    internal static string Line(TrafficChange c) =>
        $"{c.Kind} {c.From} > {c.To} {c.Services}: {c.Before.Verdict} {string.Join(' ', c.Before.Rules)}, {c.After.Verdict} {string.Join(' ', c.After.Rules)}";

    private static string[] Diff(string before, string after)
    {
        var (a, b) = (new Scene(Vms + before), new Scene(Vms + after));
        return [.. SemanticDiff.Of(new(a.Set, a.Inventory), new(b.Set, b.Inventory), 0).Changes.Select(Line)];
    }
}
