using Merlon.Contracts.Api;
using Merlon.Controller.Rules;
using Merlon.Fast.Tests.Policy;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>What a plan says of live connections: which are cut, and which of them under drain and keep too.</summary>
public class CutConnectionsTests
{
    private const string Web = "10.8.0.5", Outside = "192.0.2.1";
    private static readonly string Vms = Scene.VmsOf(Scene.Vm("web-1", "tier: web", Web), Scene.Vm("db-1", "tier: db", "10.8.0.7"));
    private static readonly string Open = Rule("tcp/22, tcp/80, icmp"), Narrow = Rule("tcp/80");
    private static readonly string Both = Guard("all", "select: [any]");
    private readonly string[] _all = ["tcp/22 10.8.0.5", "tcp/80 10.8.0.5", "icmp 10.8.0.5", "tcp/22 192.0.2.1", "udp/53 192.0.2.1"];

    [Fact]
    public void Those_that_pass_now_and_would_be_refused_are_told_and_drain_and_keep_spare_them() =>
        Expect(["tcp/22 10.8.0.5", "icmp 10.8.0.5", "tcp/22 192.0.2.1"], [], Both + Open, Both + Narrow);

    [Fact]
    public void A_change_that_forbids_nothing_cuts_nothing() => Expect([], [], Both + Open, Both + Open + Rule("udp/53", "more"));

    [Theory]
    [InlineData("rival", true)]
    [InlineData("shop", false)]
    public void Another_tenant_s_change_and_a_host_that_is_behind_cut_at_once(string tenant, bool takes) =>
        Expect(["tcp/22 10.8.0.5", "icmp 10.8.0.5", "tcp/22 192.0.2.1"], ["tcp/22 10.8.0.5", "icmp 10.8.0.5", "tcp/22 192.0.2.1"], Both + Open, Both + Narrow, [tenant], takes);

    [Fact]
    public void The_platform_s_change_spares_everybody_s() =>
        Expect(["tcp/22 10.8.0.5", "icmp 10.8.0.5", "tcp/22 192.0.2.1"], [], Both + Open, Both + Narrow, ["platform"]);

    [Theory]
    [InlineData("select: [any], log: denies", 3)]
    [InlineData("select: [any], mode: observe", 4)]
    [InlineData("select: [vm/db-1], directions: [out]", 4)]
    [InlineData("select: [network/br0], directions: [out]", 4)]
    [InlineData("select: [vm/web-1]", 4)]
    public void What_a_changed_guard_refuses_goes_at_once(string before, int passed)
    {
        string[] refused = ["tcp/22 10.8.0.5", "icmp 10.8.0.5", "tcp/22 192.0.2.1", "udp/53 192.0.2.1"];
        Expect(refused[..passed], refused[..passed], Guard("all", before) + Open, Both + Narrow, ["platform", "shop"]);
    }

    [Fact]
    public void A_guard_alone_that_begins_to_enforce_cuts_what_its_rules_refuse() =>
        Expect(["udp/53 192.0.2.1"], ["udp/53 192.0.2.1"], Guard("all", "select: [any], mode: observe") + Open, Both + Open, ["platform"]);

    [Fact]
    public void A_guard_whose_log_alone_changes_cuts_nothing() => Expect([], [], Guard("all", "select: [any], log: denies") + Open, Both + Open, ["platform"]);

    [Fact]
    public void A_guard_that_lets_go_cuts_nothing() => Expect([], [], Both + Open, Guard("all", "select: [vm/web-1], directions: [in]") + Narrow, ["platform", "shop"]);

    [Fact]
    public void What_passes_without_a_connection_from_now_on_is_not_cut() =>
        Expect([], [], Both + Open, Guard("all", "select: [vm/web-1]") + Guard("disks", "select: [vm/db-1], untracked: {serves: [tcp/22]}") + Open, ["platform"]);

    [Fact]
    public void A_vnic_that_becomes_a_trunk_port_loses_its_tcp_connections_though_the_rules_allow_them()
    {
        var trunk = Guard("all", "select: [any], vlans: [7]");
        string[] tcp = ["tcp/22 10.8.0.5", "tcp/80 10.8.0.5", "tcp/22 192.0.2.1"];
        Expect(tcp, tcp, Both + Open, trunk + Open, ["platform"]);
        Expect(tcp, tcp, trunk + Open, Both + Open, ["platform"]);
        Expect([], [], Both + Open, Guard("all", "select: [any], vlans: [7], mode: observe") + Open, ["platform"]);
    }

    [Fact]
    public void What_an_earlier_step_keeps_is_told_when_its_vnic_s_rules_change_again()
    {
        Expect([], [], Both + Narrow, Both + Narrow + Scene.Group("other", "{select: {}}"), approved: "both");
        Expect(_all.Except(["tcp/80 10.8.0.5"]), [], Both + Narrow, Both + Narrow + Rule("tcp/90", "more"), approved: "both");
        Expect(_all.Except(["tcp/80 10.8.0.5"]), _all.Except(["tcp/80 10.8.0.5"]), Both + Narrow, Guard("all", "select: [any], log: denies") + Narrow, ["platform"], approved: "both");
        Expect([], [], Both + Narrow, Both + Narrow + Rule("tcp/90", "more"), approved: "none");
    }

    [Fact]
    public void A_vnic_that_loses_an_address_keeps_nothing()
    {
        var less = Scene.VmsOf(Scene.Vm("web-1", "tier: web", Web), Scene.Vm("db-1", "tier: db", "10.8.0.8"));
        var (now, then) = (new Scene(Vms + Both + Open), new Scene(less + Both + Narrow));
        Assert.Equal(_all.Except(["tcp/80 10.8.0.5"]), Of(now, then, ["shop"], true, "both").AtOnce);
    }

    private void Expect(IEnumerable<string> cut, IEnumerable<string> atOnce, string before, string after, string[]? tenants = null, bool takes = true, string approved = "none")
    {
        var told = Of(new Scene(Vms + before), new Scene(Vms + after), tenants ?? ["shop"], takes, approved);
        Assert.Equal(cut, told.Cut);
        Assert.Equal(atOnce, told.AtOnce);
    }

    private (string[] Cut, string[] AtOnce) Of(Scene before, Scene after, string[] tenants, bool takes, string approved)
    {
        var live = _all.Select(a => a.Split(' ')).Select(a => new ConnectionRecord(
            End(a[1], a[1] == Outside ? null : "web-1"), End("10.8.0.7", "db-1"), a[0], "established", null, null, 1, 1, 60, 60, 1000, 1000, approved, "br0"));
        var (cut, atOnce) = new CutConnections(new(before.Set, before.Inventory), new(after.Set, after.Inventory), new(1, null, [.. tenants]), _ => takes, 0).Of([.. live]);
        return (Words(cut), Words(atOnce));

        static string[] Words(IReadOnlyList<ConnectionRecord> told) => [.. told.Select(c => $"{c.Service} {c.Source.Address}")];

        FlowEndRecord End(string address, string? vm) => new(vm, vm is null ? null : before.Inventory.Named(vm, null).First().Uuid, vm is null ? null : 0, "shop", address, 40000);
    }

    private static string Guard(string name, string spec) => $"---\napiVersion: merlon/v1\nkind: Guard\nmetadata: {{name: {name}}}\nspec: {{action: guard, {spec}}}\n";

    private static string Rule(string services, string name = "app") => Scene.Rules(name, $"name: all, from: [any], to: [any], services: [{services}], action: allow");
}
