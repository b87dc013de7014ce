using Merlon.Policy.Analyze;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public class LooserChecksTests
{
    private static readonly string Vms = Scene.VmsOf(Scene.Vm("web-1", "tier: web", "10.8.0.5"), Scene.Vm("web-2", "tier: web", "10.8.0.6"), Scene.Vm("db-1", "tier: db", "10.8.0.7"))
        + Scene.Group("web", "{select: {labels: {tier: web}}}");

    [Theory]
    [InlineData("{antiSpoof: {arp: off, nd: observe, mac: enforce}}", "antiSpoof.arp enforce off web-1 web-2", "antiSpoof.nd enforce observe web-1 web-2")]
    [InlineData("{etherTypes: [0x88cc, 0x88f7]}", "etherTypes none 0x88cc, 0x88f7 web-1 web-2")]
    [InlineData("{antiSpoof: {addresses: [10.9.0.0/24, 10.8.0.100], macs: [\"00:00:5e:00:01:0a\"]}}", "antiSpoof.addresses none 10.8.0.100/32, 10.9.0.0/24 web-1 web-2", "antiSpoof.macs none 00:00:5e:00:01:0a web-1 web-2")]
    [InlineData("{log: denies}")]
    public void What_no_rule_is_asked_about_is_told_with_the_VMs(string guard, params string[] expected)
    {
        var (strict, loose) = (Guards("{}"), Guards(guard));
        Assert.Equal(expected, Looser(strict, loose));
        Assert.Empty(Looser(loose, strict));
        Assert.Empty(Looser(loose, loose));
    }

    [Fact]
    public void A_licence_within_another_is_none_more() =>
        Assert.Empty(Looser(Guards("{antiSpoof: {addresses: [10.9.0.0/24]}}"), Guards("{antiSpoof: {addresses: [10.9.0.7, 10.9.0.0/25]}}")));

    [Fact]
    public void Who_is_not_guarded_any_more_is_told_by_the_diff() =>
        Assert.Empty(Looser(Guards("{antiSpoof: {arp: observe}}"), Guards("{action: exclude}")));

    private static IEnumerable<string> Looser(string before, string after)
    {
        Scene was = new(before), willBe = new(after);
        return LooserChecks.Of(new(was.Set, was.Inventory), new(willBe.Set, willBe.Inventory)).Select(c => $"{c.Check} {c.Before} {c.After} {string.Join(' ', c.Vms)}");
    }

    private static string Guards(string spec) => Vms + Guard("rest", 2, "{select: [any]}") + Guard("web", 1, "{select: [group/shop/web], " + spec[1..]);

    private static string Guard(string name, int priority, string spec) =>
        $"---\napiVersion: merlon/v1\nkind: Guard\nmetadata: {{name: {name}}}\nspec: {(spec.Contains("action", StringComparison.Ordinal) ? "{" : "{action: guard, ")}priority: {priority}, {spec[1..]}\n";
}
