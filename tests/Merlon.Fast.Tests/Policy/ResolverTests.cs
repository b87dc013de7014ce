using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public class ResolverTests
{
    private const string Allow = "services: [tcp/1], action: allow";

    [Fact]
    public void Only_this_hosts_vnics_are_guarded_and_others_are_endpoints()
    {
        var scene = new Scene(Scene.VmsOf(Scene.Vm("a", "t: x", "10.0.0.1", ", host: h1"), Scene.Vm("b", "t: x", "10.0.0.2", ", host: h2"), Scene.Vm("c", "t: y", "10.0.0.3", ", host: h2"))
            + Scene.Group("x", "{select: {labels: {t: x}}}") + Scene.Rules("p", $"name: r, from: [group/x], to: [group/x], {Allow}"), host: "h1");
        Assert.Equal(["a"], scene.Policy.Nics.Select(n => scene.Policy.Endpoints[n.Endpoint].Vm));
        Assert.Equal(["a", "b"], scene.Policy.Endpoints.Select(e => e.Vm).Order());
    }

    [Fact]
    public void Equal_members_share_their_rule_lists()
    {
        var scene = new Scene(Scene.VmsOf(Scene.Vm("a", "t: x", "10.0.0.1"), Scene.Vm("b", "t: x", "10.0.0.2"), Scene.Vm("c", "t: y", "10.0.0.3"))
            + Scene.Group("x", "{select: {labels: {t: x}}}") + Scene.Rules("p", $"name: r, from: [group/x], to: [any], {Allow}"));
        var lists = scene.Policy.Nics.ToDictionary(n => scene.Policy.Endpoints[n.Endpoint].Vm, n => (n.OutRules, n.InRules));
        Assert.Equal(lists["a"], lists["b"]);
        Assert.NotEqual(lists["a"].OutRules, lists["c"].OutRules);
        Assert.Equal(lists["a"].InRules, lists["c"].InRules);
    }

    [Fact]
    public void A_set_tells_holes_and_exceptions()
    {
        var scene = new Scene(Scene.VmsOf(Scene.Vm("a", "t: x", "10.0.0.1, 10.0.1.1"), Scene.Vm("b", "t: y", "10.0.0.2"))
            + Scene.Group("net", "{select: {labels: {t: x}}, cidrs: [10.0.0.0/16], except: [vm/b, cidr/10.0.1.0/24]}")
            + Scene.Group("other", "{cidrs: [10.0.0.0/20]}")
            + Scene.Rules("p", $"name: r, from: [any], to: [group/net], {Allow}"));
        var rule = scene.Policy.RuleLists.First(l => l.Direction == Direction.Out).Rules[0];
        var set = scene.Policy.Sets[Assert.Single(rule.Remotes)];
        Assert.Equal(["10.0.0.0/16"], set.Prefixes.Select(p => p.ToString()));
        Assert.Equal(["10.0.1.0/24"], set.Holes.Select(p => p.ToString()));
        Assert.Equal(["a"], set.Endpoints.Select(e => scene.Policy.Endpoints[e].Vm));
        Assert.Equal(["a 10.0.1.1", "b 10.0.0.2"], set.Exceptions.Select(e => $"{scene.Policy.Endpoints[e.Endpoint].Vm} {e.Address}").Order());
    }

    [Fact]
    public void A_second_claim_on_an_address_is_refused_and_told()
    {
        var scene = new Scene(Scene.VmsOf(Scene.Vm("a", "t: x", "10.0.0.1", ", uuid: 00000000-0000-0000-0000-000000000002"), Scene.Vm("b", "t: x", "10.0.0.1, 10.0.0.2", ", uuid: 00000000-0000-0000-0000-000000000001")));
        var claim = Assert.Single(scene.Resolved.Claims);
        Assert.Equal(("b", "a", "10.0.0.1", "default"), (claim.OwnerVm, claim.ClaimantVm, claim.Address.ToString(), claim.Realm));
        Assert.Empty(scene.Policy.Endpoints.Single(e => e.Vm == "a").Addresses);
    }

    [Fact]
    public void A_rule_that_names_no_vm_is_a_warning()
    {
        var scene = new Scene(Scene.VmsOf(Scene.Vm("a", "t: x", "10.0.0.1")) + Scene.Rules("p", $"name: r, from: [any], to: [vm/gone], {Allow}"));
        var found = Assert.Single(scene.Resolved.Diagnostics);
        Assert.Equal("scene.yaml:13:33: warning unknown-vm: no VM is named 'gone' at present", found.ToString());
    }

    [Fact]
    public void A_vm_without_a_uuid_always_gets_the_same()
    {
        Assert.Equal("1d4fb5b5-6f94-8d0c-b8b9-6b1f7c1f8a6e".Length, Merlon.Policy.Inventory.VmInventory.UuidOf("shop", "web-1").Length);
        Assert.Equal(Merlon.Policy.Inventory.VmInventory.UuidOf("shop", "web-1"), Merlon.Policy.Inventory.VmInventory.UuidOf("shop", "web-1"));
        Assert.NotEqual(Merlon.Policy.Inventory.VmInventory.UuidOf("shop", "web-1"), Merlon.Policy.Inventory.VmInventory.UuidOf("rival", "web-1"));
    }

    [Fact]
    public void Without_guards_a_live_installation_guards_nothing()
    {
        var scene = new Scene(Scene.VmsOf(Scene.Vm("a", "t: x", "10.0.0.1")));
        Assert.Single(scene.Policy.Nics);
        var live = PolicySet.Build(scene.Set.Documents, WithoutGuards.GuardNone).Set!;
        Assert.Empty(Resolver.Resolve(live, scene.Inventory, "", 1).Policy.Nics);
    }

    [Fact]
    public void The_next_change_is_the_next_expiry()
    {
        var scene = new Scene(Scene.VmsOf(Scene.Vm("a", "t: x", "10.0.0.1")) + Scene.Rules("p",
            $"name: r, from: [any], to: [any], {Allow}, expiresAt: 2027-01-01", $"name: s, from: [any], to: [any], {Allow}, expiresAt: 2028-01-01"));
        Assert.Equal(1798761600, scene.Policy.NextChange(0));
        Assert.Equal(1830297600, scene.Policy.NextChange(1798761600));
        Assert.Null(scene.Policy.NextChange(1830297600));
    }
}
