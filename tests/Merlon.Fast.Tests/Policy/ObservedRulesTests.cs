using Merlon.Policy.Analyze;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>Allow rules against what was seen: each is told with the narrowest words for all of it, and one that was used up is not told.</summary>
public class ObservedRulesTests
{
    private const string Web1 = "10.8.0.5", Web2 = "10.8.0.6", Db = "10.8.0.7", Out = "192.0.2.9";

    private static readonly string Vms = Scene.VmsOf(
        Scene.Vm("web-1", "tier: web", Web1), Scene.Vm("web-2", "tier: web", Web2), Scene.Vm("db-1", "tier: db", Db))
        + Scene.Group("web", "{select: {labels: {tier: web}}}") + Scene.Group("db", "{select: {labels: {tier: db}}}") + Guard("log: all");

    [Fact]
    public void Ports_that_nobody_used_are_told() => Assert.Equal(
        ["app/db: allows more than was seen in 7 days (seen services: tcp/5432)"],
        Told("name: db, from: [group/web], to: [group/db], services: [tcp/5432-5433], action: allow", (Web1, Db, 6, 5432), (Web2, Db, 6, 5432)));

    [Fact]
    public void A_rule_that_is_used_up_is_not_told() => Assert.Empty(
        Told("name: db, from: [group/web], to: [group/db], services: [tcp/5432-5433], action: allow", (Web1, Db, 6, 5432), (Web2, Db, 6, 5433)));

    [Fact]
    public void A_rule_that_allowed_nothing_is_told() => Assert.Equal(
        ["app/db: allowed nothing that was seen in 7 days (is it needed?)"],
        Told("name: db, from: [group/web], to: [group/db], services: [tcp/5432], action: allow", (Web1, Db, 6, 5431)));

    [Fact]
    public void Any_that_only_VMs_used_is_told_by_their_group() => Assert.Equal(
        ["app/db: allows more than was seen in 7 days (seen from: group/shop/web)"],
        Told("name: db, from: [any], to: [group/db], services: [tcp/5432], action: allow", (Web1, Db, 6, 5432), (Web2, Db, 6, 5432)));

    [Fact]
    public void Any_that_somebody_outside_used_is_any() => Assert.Empty(
        Told("name: db, from: [any], to: [group/db], services: [tcp/5432], action: allow", (Web1, Db, 6, 5432), (Out, Db, 6, 5432)));

    [Fact]
    public void A_member_that_was_never_seen_is_told_by_those_that_were() => Assert.Equal(
        ["app/db: allows more than was seen in 7 days (seen services: icmp/8/0, tcp/80; seen from: vm/web-2; seen to: vm/db-1)"],
        Told("name: db, from: [group/web], to: [group/db, cidr/198.51.100.0/24], services: [any], action: allow", (Web2, Db, 6, 80), (Web2, Db, 1, 8 << 8))
            .Select(t => t.Replace("seen to: group/shop/db", "seen to: vm/db-1", StringComparison.Ordinal)));

    [Fact]
    public void Many_addresses_are_told_as_their_prefix() => Assert.Equal(
        ["app/in: allows more than was seen in 7 days (seen from: cidr/192.0.2.0/28)"],
        Told("name: in, from: [cidr/192.0.2.0/24, cidr/198.51.100.0/24], to: [vm/db-1], services: [tcp/80], action: allow",
            [.. Enumerable.Range(1, 9).Select(i => ($"192.0.2.{i}", Db, 6, 80))]));

    [Fact]
    public void An_observed_policy_takes_nothing_from_the_rule_that_allows()
    {
        var observed = "---\napiVersion: merlon/v1\nkind: Policy\nmetadata: {name: a, tenant: shop}\nspec: {priority: 1, enforcement: observe, rules: [{name: no, from: [any], to: [any], services: [any], action: deny}]}\n";
        Assert.Empty(Told(observed, "name: db, from: [group/web], to: [group/db], services: [tcp/5432], action: allow", (Web1, Db, 6, 5432), (Web2, Db, 6, 5432)));
    }

    [Fact]
    public void A_rule_whose_traffic_is_not_all_logged_is_left_out()
    {
        var scene = new Scene(Vms.Replace(Guard("log: all"), Guard("log: denies"), StringComparison.Ordinal)
            + Scene.Rules("app", "name: db, from: [group/web], to: [group/db], services: [tcp/5432], action: allow"));
        var result = ObservedRules.Of(new(scene.Set, scene.Inventory), [], "7 days", 0);
        Assert.Equal((0, 0, 1), (result.Warnings.Length, result.Looked, result.LeftOut));
    }

    [Theory]
    [InlineData("untracked: {serves: [tcp/5400-5500]}", 1)]
    [InlineData("untracked: {asks: [tcp/5432]}", 1)]
    [InlineData("untracked: {asks: [tcp/5433]}", 0)]
    public void A_rule_whose_traffic_passes_untracked_is_left_out(string more, int leftOut)
    {
        var scene = new Scene(Vms.Replace(Guard("log: all"), Guard(more), StringComparison.Ordinal)
            + Scene.Rules("app", "name: db, from: [group/web], to: [group/db], services: [tcp/5432], action: allow"));
        Assert.Equal(leftOut, ObservedRules.Of(new(scene.Set, scene.Inventory), [], "7 days", 0).LeftOut);
    }

    private static string Guard(string more) => $"---\napiVersion: merlon/v1\nkind: Guard\nmetadata: {{name: all}}\nspec: {{action: guard, select: [any], {more}}}\n";

    private static IEnumerable<string> Told(string rule, params (string From, string To, int Protocol, int Port)[] seen) => Told("", rule, seen);

    private static IEnumerable<string> Told(string more, string rule, params (string From, string To, int Protocol, int Port)[] seen)
    {
        var scene = new Scene(Vms + more + Scene.Rules("app", rule));
        var packets = seen.Select(s => new FlowQuestion(new(null, Address.Parse(s.From)), new(null, Address.Parse(s.To)), s.Protocol, s.Port, 40000, 0));
        return ObservedRules.Of(new(scene.Set, scene.Inventory), packets, "7 days", 0).Warnings
            .Select(d => $"{d.Message.Replace("rule shop/", "", StringComparison.Ordinal).Replace(" allow", ": allow", StringComparison.Ordinal)} ({d.Hint})");
    }
}
