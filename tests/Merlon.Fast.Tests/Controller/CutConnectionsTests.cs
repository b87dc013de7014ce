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

    [Theory]
    [InlineData("none")]
    [InlineData("source")]
    public void What_has_not_passed_under_the_present_rules_is_not_spared(string approved) =>
        Expect(["tcp/22 10.8.0.5", "icmp 10.8.0.5", "tcp/22 192.0.2.1"], ["tcp/22 10.8.0.5", "icmp 10.8.0.5", "tcp/22 192.0.2.1"], Both + Open, Both + Narrow, approved: approved);

    [Fact]
    public void A_trunk_port_s_services_that_pass_without_a_connection_are_not_cut()
    {
        var trunks = Guard("web", "select: [vm/web-1], vlans: [7], untracked: {asks: [tcp/22]}") + Guard("db", "select: [vm/db-1], vlans: [7], untracked: {serves: [tcp/22]}");
        Expect(["tcp/80 10.8.0.5"], ["tcp/80 10.8.0.5"], Both + Open, trunks + Open, ["platform"]);
    }

    [Theory]
    [InlineData("a", "br0", "a", "br0", false)]
    [InlineData("a", "br0", "a", "br1", true)]
    [InlineData("a", "br0", "b", "br0", true)]
    public void Tcp_of_a_vnic_that_begins_to_track_goes_at_once_where_its_host_and_segment_have_no_entry(string host, string segment, string otherHost, string otherSegment, bool cut)
    {
        var scene = Placed(host, segment, otherHost, otherSegment);
        string[] told = cut ? ["tcp/80 10.8.0.5"] : [];
        var before = new Scene(scene + Guard("all", "select: [vm/db-1]") + Open);
        Expect(told, told, before, new Scene(scene + Both + Open), ["platform"], Told("tcp/80", null, "db-1"), Told("icmp", null, "db-1"));
        Expect([], [], before, new Scene(scene + Guard("all", "select: [any], mode: observe") + Open), ["platform"], Told("tcp/80", null, "db-1"));
    }

    [Fact]
    public void Tcp_of_a_vnic_whose_service_was_untracked_goes_at_once()
    {
        var scene = Placed("a", "br0", "b", "br0");
        var before = Guard("web", "select: [vm/web-1]") + Guard("disks", "select: [vm/db-1], untracked: {serves: [tcp/22]}") + Open;
        Expect(["tcp/22 10.8.0.5"], ["tcp/22 10.8.0.5"], new Scene(scene + before), new Scene(scene + Both + Open), ["platform"], Told("tcp/22", "web-1", null, "source"), Told("tcp/80", "web-1", null, "source"));
    }

    [Fact]
    public void What_one_host_has_cut_and_another_s_table_still_holds_is_not_told_again()
    {
        var scene = Placed("a", "br0", "b", "br0") + Guard("web", "select: [vm/web-1], directions: [in]") + Guard("db", "select: [vm/db-1]");
        var (before, after) = (new Scene(scene + Narrow), new Scene(scene + Narrow + Rule("tcp/90", "more")));
        Expect([], [], before, after, ["shop"], Told("tcp/22", "web-1", null, "none"));
        Expect([], [], before, after, ["shop"], Told("tcp/22", "web-1", null, "none"), Told("tcp/22", null, "db-1", "none"));
        Expect(["tcp/22 10.8.0.5"], [], before, after, ["shop"], Told("tcp/22", "web-1", null, "none"), Told("tcp/22", null, "db-1", "destination"));
    }

    [Fact]
    public void A_connection_that_both_hosts_tell_of_is_one_and_spared_where_each_has_approved_it()
    {
        var scene = Placed("a", "br0", "b", "br0") + Both;
        var (before, after) = (new Scene(scene + Open), new Scene(scene + Narrow));
        Expect(["tcp/22 10.8.0.5"], [], before, after, ["shop"], Told("tcp/22", "web-1", null, "source"), Told("tcp/22", null, "db-1", "destination"));
        Expect(["tcp/22 10.8.0.5"], ["tcp/22 10.8.0.5"], before, after, ["shop"], Told("tcp/22", "web-1", null, "source"), Told("tcp/22", null, "db-1", "none"));
        Expect(["tcp/22 10.8.0.5", "tcp/22 10.8.0.5"], [], before, after, ["shop"],
            Told("tcp/22", "web-1", null, "source"), Told("tcp/22", null, "db-1", "destination", 40001), Told("tcp/22", null, "db-1", "destination"), Told("tcp/22", "web-1", null, "source", 40001));
    }

    [Fact]
    public void An_end_that_its_own_host_does_not_tell_of_is_not_judged()
    {
        var scene = Placed("a", "br0", "b", "br0") + Guard("web", "select: [vm/web-1], directions: [in]") + Guard("db", "select: [vm/db-1]");
        var (before, after) = (new Scene(scene + Open), new Scene(scene + Narrow));
        Expect([], [], before, after, ["shop"], Told("tcp/22", "web-1", null, "none"));
        Expect(["tcp/22 10.8.0.5"], [], before, after, ["shop"], Told("tcp/22", "web-1", null, "none"), Told("tcp/22", null, "db-1"));
    }

    [Fact]
    public void Two_echo_sessions_of_the_same_ends_are_two()
    {
        var (before, after) = (new Scene(Vms + Both + Open), new Scene(Vms + Both + Narrow));
        Expect(["icmp 10.8.0.5", "icmp 10.8.0.5"], ["icmp 10.8.0.5"], before, after, ["shop"],
            Told("icmp", "web-1", "db-1", "both", 7), Told("icmp", "web-1", "db-1", "none", 8));
    }

    /// <param name="approved">Null = both have approved what the rules know of; udp/53 was cut just now.</param>
    private void Expect(IEnumerable<string> cut, IEnumerable<string> atOnce, string before, string after, string[]? tenants = null, bool takes = true, string? approved = null)
    {
        var told = _all.Select(a => a.Split(' ')).Select(a => Told(a[0], a[1] == Outside ? null : "web-1", "db-1", approved ?? (a[0] == "udp/53" ? "none" : "both"), from: a[1]));
        Expect(cut, atOnce, new Scene(Vms + before), new Scene(Vms + after), tenants ?? ["shop"], [.. told], takes);
    }

    private static void Expect(IEnumerable<string> cut, IEnumerable<string> atOnce, Scene before, Scene after, string[] tenants, params ConnectionRecord[] told) =>
        Expect(cut, atOnce, before, after, tenants, told, true);

    private static void Expect(IEnumerable<string> cut, IEnumerable<string> atOnce, Scene before, Scene after, string[] tenants, ConnectionRecord[] told, bool takes)
    {
        var said = new CutConnections(PlannedHosts.Of(before, after), new(1, null, [.. tenants]), _ => takes)
            .Of([.. told.Select(c => c with { Source = Named(c.Source), Destination = Named(c.Destination) })]);
        Assert.Equal(cut, Words(said.Cut));
        Assert.Equal(atOnce, Words(said.AtOnce));

        FlowEndRecord Named(FlowEndRecord end) => end.Vm is null ? end : end with { VmUuid = before.Inventory.Named(end.Vm, null).First().Uuid, Nic = 0 };

        static string[] Words(IReadOnlyList<ConnectionRecord> told) => [.. told.Select(c => $"{c.Service} {c.Source.Address}")];
    }

    /// <param name="source">Null = not this host's.</param>
    private static ConnectionRecord Told(string service, string? source, string? destination, string approved = "destination", int port = 40000, string from = Web) =>
        new(new(source, null, null, "shop", from, port), new(destination, null, null, "shop", "10.8.0.7", 40000), service, "established", null, null, 1, 1, 60, 60, 1000, 1000, approved, "br0");

    /// <summary>Where web-1 and db-1 are.</summary>
    private static string Placed(string host, string segment, string otherHost, string otherSegment) => Scene.VmsOf(
        Scene.Vm("web-1", "tier: web", Web, $", host: {host}").Replace("br0", segment, StringComparison.Ordinal),
        Scene.Vm("db-1", "tier: db", "10.8.0.7", $", host: {otherHost}").Replace("br0", otherSegment, StringComparison.Ordinal));

    private static string Guard(string name, string spec) => $"---\napiVersion: merlon/v1\nkind: Guard\nmetadata: {{name: {name}}}\nspec: {{action: guard, {spec}}}\n";

    private static string Rule(string services, string name = "app") => Scene.Rules(name, $"name: all, from: [any], to: [any], services: [{services}], action: allow");
}
