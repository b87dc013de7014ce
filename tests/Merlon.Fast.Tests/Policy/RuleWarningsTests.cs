using Merlon.Policy.Analyze;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public class RuleWarningsTests(ITestOutputHelper output)
{
    private static readonly string Vms = Scene.VmsOf(Scene.Vm("web-1", "tier: web", "10.8.0.5"), Scene.Vm("db-1", "tier: db", "10.8.0.7"))
        + Scene.Group("web", "{select: {labels: {tier: web}}}") + Scene.Group("db", "{select: {labels: {tier: db}}}") + Scene.Group("empty", "{select: {labels: {tier: none}}}");

    [Theory]
    [InlineData("", "name: a, from: [any], to: [group/web], services: [tcp/80], action: allow", "name: b, from: [group/db], to: [group/web], services: [tcp/80], action: allow, appliesTo: [group/web]",
        "rule-shadowed rule shop/app/b never decides (before it: shop/app/a (scene.yaml:29))")]
    [InlineData("", "name: a, from: [any], to: [group/web], services: [tcp/80], action: deny", "name: b, from: [any], to: [group/db], services: [tcp], action: allow",
        "rule-redundant rule shop/app/a changes nothing (without it the same is done by the default)")]
    [InlineData("", "name: a, from: [group/empty], to: [group/web], services: [tcp/80], action: allow", "name: b, from: [any], to: [group/web], services: [tcp], action: allow",
        "rule-never-matches rule shop/app/a never matches: nobody is at its other end")]
    [InlineData("", "name: a, from: [any], to: [group/empty], services: [tcp/80], action: allow, appliesTo: [group/empty]", "name: b, from: [any], to: [group/web], services: [tcp], action: allow",
        "rule-never-matches rule shop/app/a never matches: it judges no guarded VM (no guarded VM is in from or to, or appliesTo leaves none)")]
    [InlineData("", "name: a, from: [any], to: [group/web], services: [tcp/80], action: allow, expiresAt: 1970-01-01", "name: b, from: [any], to: [group/web], services: [tcp], action: allow",
        "rule-never-matches rule shop/app/a has expired (remove it)")]
    [InlineData("what shadows will end", "name: a, from: [any], to: [group/web], services: [tcp/80], action: allow, expiresAt: 2030-01-01", "name: b, from: [any], to: [group/web], services: [tcp/80], action: allow", "")]
    [InlineData("a logged deny is for its log", "name: a, from: [any], to: [group/web], services: [tcp/80], action: deny, log: true", "name: b, from: [any], to: [group/db], services: [tcp/80], action: allow", "")]
    [InlineData("an exception that matters", "name: a, from: [group/db], to: [group/web], services: [tcp/80], action: deny", "name: b, from: [any], to: [group/web], services: [tcp], action: allow", "")]
    public void Rules_without_effect_are_named_with_what_takes_their_place(string why, string first, string second, string expected)
    {
        var scene = new Scene(Vms + Scene.Rules("app", first, second));
        var found = RuleWarnings.Of(new(scene.Set, scene.Inventory), 0);
        Assert.Equal(expected, string.Join('\n', found.Select(d => $"{d.Code} {d.Message}{(d.Hint is null ? "" : $" ({d.Hint})")}")));
        Assert.NotNull(why);
    }

    [Fact]
    public void Without_the_rules_that_do_nothing_every_verdict_stays()
    {
        var (removed, kept) = (new Dictionary<string, int>(), 0);
        for (var seed = 8_000_001UL; seed < 8_000_013; seed++)
        {
            var random = new RandomPolicy(seed, 1, 10);
            var before = new Revision(random.Set, random.Inventory);
            var found = RuleWarnings.Of(before, 2000);
            var names = found.Select(d => d.Message.Split(' ')[1]).ToHashSet();
            var thinner = random.Documents.Select(d => d is PolicyDocument p ? p with { Rules = [.. p.Rules.Where(r => !names.Contains($"{p.Tenant}/{p.Name}/{r.Name}"))] } : d);
            var after = PolicySet.Build(thinner.Select(d => new StoredDocument(d, 7))).Set!;
            var diff = SemanticDiff.Of(before, new(after, random.Inventory), 2000);
            Assert.True(diff.Changes.IsEmpty, $"seed {seed}: {string.Join('\n', found)}\n{string.Join('\n', diff.Changes.Select(SemanticDiffTests.Line))}\n{random.Text}");
            foreach (var d in found) removed[d.Code] = removed.GetValueOrDefault(d.Code) + 1;
            kept += random.Set.Policies.Sum(p => p.Document.Rules.Length) - names.Count;
        }
        output.WriteLine($"{string.Join(", ", removed)}, {kept} kept");
        Assert.All(["rule-shadowed", "rule-redundant", "rule-never-matches"], code => Assert.True(removed[code] > 5));
        Assert.True(kept > 50);
    }
}
