using System.Text.RegularExpressions;
using Merlon.Contracts.Wire;
using Merlon.Policy.Compile;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>Same text, same inventory: same image to the byte. And the plain evaluator stays a witness of its own.</summary>
public partial class PurityTests
{
    private static readonly Comparer<Merlon.Policy.Text.Diagnostic> s_byText = Comparer<Merlon.Policy.Text.Diagnostic>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()));

    [Fact]
    public void The_order_of_the_input_changes_no_word()
    {
        for (var seed = 0UL; seed < 20; seed++)
        {
            var random = new RandomPolicy(seed);
            var first = Image(random.Documents, random.Inventory.Vms);
            var dice = new Dice(seed);
            for (var i = 0; i < 3; i++)
            {
                var again = Image(dice.Shuffled(random.Documents), [.. dice.Shuffled(random.Inventory.Vms)]);
                Assert.True(first.Words.AsSpan().SequenceEqual(again.Words.AsSpan()), $"seed {seed}");
                Assert.Equal(first.Digest, again.Digest);
                Assert.Equal(first.Nics, again.Nics);
                Assert.Equal(first.Rules, again.Rules);
            }
        }
    }

    [Fact]
    public void A_host_gets_the_same_alone_and_after_others()
    {
        for (var seed = 0UL; seed < 20; seed++)
        {
            var random = new RandomPolicy(seed, hosts: 4);
            var set = PolicySet.Build(random.Documents.Select(d => new StoredDocument(d, 7))).Set!;
            var (all, warnings) = (new Resolver(set, random.Inventory), new HashSet<Merlon.Policy.Text.Diagnostic>());
            foreach (var host in new Dice(seed).Shuffled(["host0", "host1", "host2", "host3", "none"]))
            {
                var alone = Resolver.Resolve(set, random.Inventory, host, 3);
                Assert.Equal(HostPolicyMessages.ToMessage(alone.Policy), HostPolicyMessages.ToMessage(all.Of(host, 3)));
                warnings.UnionWith(alone.Diagnostics);
            }
            Assert.Equal(warnings.Order(s_byText), all.Diagnostics.Order(s_byText));
        }
    }

    [Fact]
    public void Warnings_beyond_what_is_listed_are_no_error()
    {
        var rules = Enumerable.Range(0, 250).Select(i => $"name: r{i}, from: [vm/nobody-{i}], to: [any], services: [tcp/80], action: allow").ToArray();
        var found = new Scene(Scene.VmsOf(Scene.Vm("web-1", "t: web", "10.0.0.1")) + Scene.Rules("p", rules)).Resolved.Diagnostics;
        Assert.Equal(Merlon.Policy.Text.ManifestLimits.MaxDiagnostics + 1, found.Length);
        Assert.All(found, d => Assert.Equal(Merlon.Policy.Text.Severity.Warning, d.Severity));
    }

    [Fact]
    public void The_plain_evaluator_uses_nothing_of_resolve_or_compile()
    {
        string[] seen = ["PlainEvaluator", "PlainMembership", "PlainParty", "FlowParties", "PlainAnswer", "PlainHop", "FlowQuestion", "EndpointRef"];
        var sources = Directory.GetFiles(Path.Combine(CaseFolder.Root, "src/Merlon.Policy"), "*.cs", SearchOption.AllDirectories)
            .Where(f => seen.Contains(Path.GetFileNameWithoutExtension(f)) || Path.GetFileName(Path.GetDirectoryName(f)) is "Model" or "Inventory").ToArray();
        Assert.True(sources.Length > 30);
        foreach (var source in sources) Assert.DoesNotMatch(OtherRooms(), File.ReadAllText(source));
    }

    [GeneratedRegex(@"\bMerlon\.Policy\.(Resolve|Compile)\b|\b(Resolver|HostPolicy|EndpointSet|ImageCompiler|HostImage|ImageSimulator)\.|\bResolve\.|\bCompile\.")]
    private static partial Regex OtherRooms();

    private static HostImage Image(IEnumerable<Document> documents, System.Collections.Immutable.ImmutableArray<InventoryVm> vms)
    {
        var set = PolicySet.Build(documents.Select(d => new StoredDocument(d, 7))).Set!;
        return ImageCompiler.Compile(Resolver.Resolve(set, new(vms), "", 1).Policy, 0).Image!;
    }
}
