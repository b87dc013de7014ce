using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>A vNIC's ruleset digest changes when what judges it changes, and at nothing else.</summary>
public class DigestTests
{
    private static readonly string Base = Scene.Group("web", "{select: {labels: {t: web}}}") + Scene.Group("db", "{select: {labels: {t: db}}}")
        + Scene.Rules("p", "name: web-db, from: [group/web], to: [group/db], services: [tcp/5432], action: allow")
        + "---\napiVersion: merlon/v1\nkind: Policy\nmetadata: {name: out, tenant: rival}\nspec: {rules: [{name: r, from: [any], to: [any], services: [any], action: allow}]}\n";

    private static readonly string[] Vms =
        [Scene.Vm("web-1", "t: web", "10.0.0.1"), Scene.Vm("db-1", "t: db", "10.0.0.2"), Scene.Vm("db-2", "t: db", "10.0.0.3"), Scene.Vm("app-1", "t: app", "10.0.0.4")];

    private static readonly Scene Before = new(Base + Scene.VmsOf(Vms));

    [Fact]
    public void Equal_rules_have_equal_digests() => Assert.Equal(Before.Digest("db-1"), Before.Digest("db-2"));

    [Fact]
    public void A_new_member_changes_those_whose_rules_name_its_group()
    {
        var after = new Scene(Base + Scene.VmsOf([.. Vms, Scene.Vm("web-2", "t: web", "10.0.0.9")]));
        Assert.NotEqual(Before.Digest("db-1"), after.Digest("db-1"));
        Assert.Equal(Before.Digest("web-1"), after.Digest("web-1"));
        Assert.Equal(Before.Digest("app-1"), after.Digest("app-1"));
    }

    [Fact]
    public void Another_tenants_rules_change_nothing()
    {
        var after = new Scene(Base.Replace("services: [any]", "services: [tcp]", StringComparison.Ordinal)
            + Scene.Group("theirs", "{cidrs: [10.0.0.0/31, 10.0.0.0/8]}", "rival") + Scene.VmsOf(Vms));
        foreach (var vm in new[] { "web-1", "db-1", "app-1" }) Assert.Equal(Before.Digest(vm), after.Digest(vm));
    }

    [Fact]
    public void A_stranger_changes_nothing()
    {
        var after = new Scene(Base + Scene.VmsOf([Scene.Vm("aa", "t: other", "10.0.0.77"), .. Vms]));
        foreach (var vm in new[] { "web-1", "db-1", "app-1" }) Assert.Equal(Before.Digest(vm), after.Digest(vm));
    }

    [Fact]
    public void A_changed_port_changes_only_those_it_judges()
    {
        var after = new Scene(Base.Replace("5432", "5433", StringComparison.Ordinal) + Scene.VmsOf(Vms));
        Assert.NotEqual(Before.Digest("db-1"), after.Digest("db-1"));
        Assert.NotEqual(Before.Digest("web-1"), after.Digest("web-1"));
        Assert.Equal(Before.Digest("app-1"), after.Digest("app-1"));
    }

    [Fact]
    public void A_tenants_default_changes_those_it_answers_for()
    {
        var after = new Scene(Base + "---\napiVersion: merlon/v1\nkind: Tenant\nmetadata: {name: shop}\nspec: {default: {in: allow}}\n" + Scene.VmsOf(Vms));
        foreach (var vm in new[] { "web-1", "db-1", "app-1" }) Assert.NotEqual(Before.Digest(vm), after.Digest(vm));
    }

    [Fact]
    public void Equal_digests_mean_equal_verdicts()
    {
        // Two policies that differ at random; packets between vNICs whose digests are equal in both get equal verdicts in both.
        var compared = 0;
        for (var seed = 0UL; seed < 60; seed++)
        {
            var random = new RandomPolicy(seed);
            var other = new Scene(random.Text.Replace("tcp/80", "tcp/81", StringComparison.Ordinal).Replace("tier: db", "tier: web", StringComparison.Ordinal));
            var one = new Scene(random.Text);
            var same = one.Image.Nics.Where(n => other.Image.Nics.Any(o => o == n)).Select(n => n.Key).ToHashSet();
            var (a, b) = (Merlon.Policy.Cases.CaseRunner.ImageEngine(one.Set, one.Inventory), Merlon.Policy.Cases.CaseRunner.ImageEngine(other.Set, other.Inventory));
            var packets = new RandomPackets(seed, one.Set, one.Inventory);
            for (var i = 0; i < 200; i++)
            {
                var packet = packets.Next();
                var (from, to) = Merlon.Policy.Explain.FlowParties.Of(one.Inventory, packet);
                if ((from is not null && !same.Contains(from.Key)) || (to is not null && !same.Contains(to.Key))) continue;
                compared++;
                Assert.Equal(a(packet).Verdict, b(packet).Verdict);
            }
        }
        Assert.True(compared > 500, $"only {compared} compared");
    }
}
