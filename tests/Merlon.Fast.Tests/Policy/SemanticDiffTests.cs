using Merlon.Policy.Analyze;
using Merlon.Policy.Cases;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
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

    /// <summary>Nothing of the rules has changed: what is told is what has no connection any more, and what can no longer be opened.</summary>
    [Fact]
    public void What_passes_without_a_connection_is_told()
    {
        const string Rest = "---\napiVersion: merlon/v1\nkind: Guard\nmetadata: {name: rest}\nspec: {action: guard, select: [any]}\n";
        static string Guard(string name, string who, string lists) =>
            $"---\napiVersion: merlon/v1\nkind: Guard\nmetadata: {{name: {name}}}\nspec: {{priority: 1, action: guard, select: [vm/{who}], untracked: {lists}}}\n";
        var rules = Rest + Scene.Rules("app", "name: storage, from: [group/web, cidr/192.0.2.0/24], to: [vm/db-1], services: [tcp/80, tcp/3260], action: allow",
            "name: away, from: [vm/db-1], to: [cidr/192.0.2.0/24], services: [tcp/9000], action: allow");
        var serves = rules + Guard("serves", "db-1", "{serves: [tcp/3260]}");
        string[] alone =
        [
            "Closed group/shop/db > cidr/192.0.2.0/24 tcp/9000 from 3260: Allow shop/app/away@1, Deny ",
            "Changed cidr/192.0.2.0/24 > group/shop/db tcp/3260: Allow shop/app/storage@1, Allow untracked shop/app/storage@1",
        ];
        Assert.Equal(alone, Diff(rules, serves));
        var both = serves + Guard("asks", "web-1", "{asks: [tcp/3260]}");
        Assert.Contains("Changed vm/web-1 > group/shop/db tcp/3260: Allow shop/app/storage@1, Allow untracked shop/app/storage@1", Diff(serves, both));
        Assert.DoesNotContain(Diff(serves, both), l => l.Contains("web-2", StringComparison.Ordinal) || l.Contains("group/shop/web", StringComparison.Ordinal));
        Assert.Contains("Changed vm/web-1 > group/shop/db tcp/3260: Allow untracked shop/app/storage@1, Allow shop/app/storage@1", Diff(both, serves));
        // A trunk port sees nobody: its own part decides.
        var trunk = both.Replace("select: [vm/db-1]", "select: [vm/db-1], vlans: [7]", StringComparison.Ordinal);
        Assert.Contains("Changed vm/web-2 > group/shop/db tcp/3260: Allow shop/app/storage@1, Allow untracked shop/app/storage@1", Diff(both, trunk));
    }

    /// <summary>Guards whose lists change sides: every witness is right, and every packet that the plain evaluator answers otherwise is in a box that says so.</summary>
    [Fact]
    public void The_difference_of_random_Guards_is_that_of_the_plain_evaluator()
    {
        var (told, untracked) = (0, 0);
        for (var seed = 9_000_001UL; seed < 9_000_041; seed++)
        {
            var random = new RandomPolicy(seed, 2, wide: true);
            var guards = random.Documents.OfType<GuardDocument>().ToArray();
            if (guards.Length == 0) continue;
            var now = random.Documents.Select(d => d is GuardDocument g ? g with { Untracked = new(g.In ? g.Untracked.Asks : [], g.Out ? g.Untracked.Serves : []) } : d);
            var set = PolicySet.Build(now.Select(d => new StoredDocument(d, 7))).Set!;
            var diff = SemanticDiff.Of(new(random.Set, random.Inventory), new(set, random.Inventory), 500);
            Assert.Null(diff.Error);
            var packets = new RandomPackets(seed, random.Set, random.Inventory);
            for (var i = 0; i < 300; i++)
            {
                var packet = packets.Next() with { At = 500 };
                var parties = FlowParties.Of(random.Inventory, packet);
                if ((parties.From?.Nic.Addresses.Contains(packet.From.Address) ?? true) && (parties.To?.Nic.Addresses.Contains(packet.To.Address) ?? true)
                    && parties.From?.Nic.Realm is null or InventoryNic.DefaultRealm && parties.To?.Nic.Realm is null or InventoryNic.DefaultRealm)
                {
                    var (before, after) = (Said(random.Set, packet), Said(set, packet));
                    Assert.True(before == after || diff.Changes.Any(c => c.Families.Contains(packet.From.Address.Family) && Holds(c, packet) && before == Answer(c.Before) && after == Answer(c.After)),
                        $"seed {seed}, {packet} from {packet.SourcePort}: {before}, {after} is not told\n{random.Text}");
                    told += before == after ? 0 : 1;
                    untracked += before.Untracked || after.Untracked ? 1 : 0;
                }
            }
            foreach (var change in diff.Changes)
            {
                var (before, after) = (Said(random.Set, change.Witness.Question(random.Inventory, 500)), Said(set, change.Witness.Question(random.Inventory, 500)));
                Assert.True(before == Answer(change.Before) && after == Answer(change.After),
                    $"seed {seed} {Line(change)} {change.Witness}: {before} {after}\n{random.Text}");
            }

            (Verdict Verdict, bool Untracked) Said(PolicySet policy, FlowQuestion q)
            {
                var answer = PlainEvaluator.Evaluate(policy, random.Inventory, q);
                return (answer.Verdict, answer.Verdict is Verdict.Allow or Verdict.WouldDeny && answer.Hops.Any(h => h.Side.Untracked));
            }
        }
        output.WriteLine($"{told} packets answered otherwise, {untracked} untracked");
        Assert.True(told > 20 && untracked > 100, $"{told} {untracked}");

        static bool Holds(TrafficChange c, FlowQuestion q) => c.Services.Matches.Any(m => m.Matches(q.Protocol, q.DestinationPort, q.SourcePort))
            && !c.Services.Except.Any(m => m.Matches(q.Protocol, q.DestinationPort, q.SourcePort));

        static (Verdict Verdict, bool Untracked) Answer(Decision decision) => (decision.Verdict, decision.Untracked);
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
        $"{c.Kind} {c.From} > {c.To} {c.Services}: {Word(c.Before)} {string.Join(' ', c.Before.Rules)}, {Word(c.After)} {string.Join(' ', c.After.Rules)}";

    private static string Word(Decision decision) => decision.Verdict + (decision.Untracked ? " untracked" : "");

    private static string[] Diff(string before, string after)
    {
        var (a, b) = (new Scene(Vms + before), new Scene(Vms + after));
        return [.. SemanticDiff.Of(new(a.Set, a.Inventory), new(b.Set, b.Inventory), 0).Changes.Select(Line)];
    }
}
