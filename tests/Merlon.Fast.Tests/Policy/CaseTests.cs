using Merlon.Policy.Cases;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public class CaseTests
{
    private static readonly Scene Shop = new(Scene.Group("web", "{select: {labels: {t: web}}}")
        + Scene.Rules("p", "name: web-db, from: [group/web], to: [vm/db-1], services: [tcp/5432-5433, udp/53], action: allow")
        + Scene.VmsOf(Scene.Vm("web-1", "t: web", "10.0.0.1, \"fd00::1\""), Scene.Vm("web-2", "t: web", "10.0.0.3"), Scene.Vm("db-1", "t: db", "10.0.0.2, \"fd00::2\""), Scene.Vm("mute", "t: none", "")));

    [Fact]
    public void Yaml_and_json_lists_are_read_alike()
    {
        var yaml = CaseFile.Parse(new("c.yaml", "- {from: vm/web-1, to: any, service: tcp/80, expect: deny, sourcePort: 5, at: 2027-01-01T00:00:10Z, rule: default, reason: default}\n"));
        var json = CaseFile.Parse(new("c.json", """[{"from": "vm/web-1", "to": "any", "service": "tcp/80", "expect": "deny", "sourcePort": 5, "at": 1798761610, "rule": "default", "reason": "default"}]"""));
        Assert.Empty(yaml.Diagnostics);
        Assert.Empty(json.Diagnostics);
        Assert.Equal(Assert.Single(yaml.Rows) with { Position = default }, Assert.Single(json.Rows) with { Position = default });
    }

    [Fact]
    public void A_file_of_cases_holds_nothing_else()
    {
        Assert.Equal("c:1:1: error bad-kind: a file of cases holds a list of cases or PolicyTest documents",
            Assert.Single(CaseFile.Parse(new("c", "apiVersion: merlon/v1\nkind: Tenant\nmetadata: {name: t}\nspec: {}\n")).Diagnostics).ToString());
    }

    [Theory]
    [InlineData("group/web", "vm/db-1", "tcp/5432", 3)]    // two IPv4 pairs and one IPv6 pair
    [InlineData("vm/web-1", "vm/db-1", "tcp/5432", 2)]
    [InlineData("vm/web-1", "vm/db-1", "tcp", 8)]          // ports 1, 5432, 5434, 65535 in two families
    [InlineData("vm/web-1", "vm/db-1", "icmp", 1)]
    [InlineData("vm/web-1", "vm/db-1", "service/ping", 2)]
    [InlineData("10.0.0.1", "10.0.0.2", "tcp/5432", 1)]
    public void A_case_means_all_pairs_families_and_edges(string from, string to, string service, int packets) =>
        Assert.Equal(packets, CaseRunner.Expand(Row(from, to, service, Verdict.Allow), Shop.Set, Shop.Inventory).Count());

    [Theory]
    [InlineData("vm/mute", "vm/db-1", "tcp/1", "means no packet: no such member, no address family in common, or one vNIC at both ends")]
    [InlineData("vm/web-2", "fd00::2", "tcp/1", "means no packet: no such member, no address family in common, or one vNIC at both ends")]
    [InlineData("vm/web-9", "any", "tcp/1", "no VM is named 'web-9'")]
    [InlineData("any", "group/nobody", "tcp/1", "group/nobody does not exist")]
    [InlineData("any", "vm/db-1", "service/none", "service 'none' does not exist")]
    public void A_case_that_means_nothing_is_not_ok(string from, string to, string service, string problem)
    {
        var outcome = Run(Row(from, to, service, Verdict.Deny));
        Assert.False(outcome.Ok);
        Assert.Equal((problem, "no-traffic", Verdict.None), (outcome.Problem, outcome.Flow.Reason, outcome.Flow.Verdict));
    }

    [Fact]
    public void One_counterexample_fails_a_case_and_is_told()
    {
        var outcome = Run(Row("vm/web-1", "vm/db-1", "tcp/5431-5433", Verdict.Allow));
        Assert.False(outcome.Ok);
        Assert.Equal((5431, Verdict.Deny), (outcome.Packet!.Value.DestinationPort, outcome.Flow.Verdict));
        Assert.EndsWith("expected allow, got deny (default)", outcome.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shop/p/web-db", null, true)]
    [InlineData("shop/p/web-db@1", "rule", true)]
    [InlineData("shop/p/web-db@2", null, false)]
    [InlineData("shop/p/web", null, false)]
    [InlineData(null, "default", false)]
    public void Rule_and_reason_are_compared_when_given(string? rule, string? reason, bool ok) =>
        Assert.Equal(ok, Run(Row("vm/web-1", "vm/db-1", "tcp/5432", Verdict.Allow) with { Rule = rule, Reason = reason }).Ok);

    [Fact]
    public void A_tenants_test_names_only_what_the_tenant_can_name()
    {
        var row = Row("vm/web-1", "vm/db-1", "tcp/5432", Verdict.Allow);
        Assert.True(Run(row with { Tenant = "shop" }).Ok);
        Assert.Equal("no VM is named 'web-1'", Run(row with { Tenant = "rival" }).Problem);
    }

    private static CaseRow Row(string from, string to, string service, Verdict expect) => new(from, to, service, expect, null, null, null, null, default);

    private static CaseOutcome Run(CaseRow row) =>
        Assert.Single(CaseRunner.Run([row], Shop.Set, Shop.Inventory, "plain", CaseRunner.PlainEngine(Shop.Set, Shop.Inventory)));
}
