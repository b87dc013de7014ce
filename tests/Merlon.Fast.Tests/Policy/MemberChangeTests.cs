using System.Collections.Immutable;
using Merlon.Contracts.Wire;
using Merlon.Policy.Cases;
using Merlon.Policy.Compile;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>Members that come and go write a few words of the image anew: it judges as one from scratch, with the same digests.</summary>
public class MemberChangeTests(ITestOutputHelper output)
{
    private const int Steps = 12, Packets = 60;

    // The last is the one of the first 40 that shows the seeded fault "who joins a set stays what it was" (tests/cases/policy/faults).
    private static readonly ulong[] s_seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 40];
    private static readonly string[] s_tiers = ["web", "app", "db"];

    private static readonly string Rules = Scene.Group("web", "{select: {labels: {t: web}}}") + Scene.Group("db", "{select: {labels: {t: db}}}")
        + "---\napiVersion: merlon/v1\nkind: Guard\nmetadata: {name: g}\nspec: {action: guard, select: [vm/db-1, vm/app-1]}\n"
        + Scene.Rules("p", "name: web-db, from: [group/web], to: [group/db], services: [tcp/5432], action: allow");

    private static readonly string[] Vms =
    [
        Scene.Vm("app-1", "t: app", "10.0.0.4"), Scene.Vm("db-1", "t: db", "10.0.0.2"),
        Scene.Vm("web-1", "t: web", "10.0.0.1, \"fd00::1\""), Scene.Vm("web-2", "t: web", "10.0.0.5, \"fd00::5\""),
    ];

    [Fact]
    public void Random_changes_judge_as_an_image_from_scratch_and_as_the_plain_evaluator()
    {
        var (changed, compiled, equal) = (0, 0, 0);
        foreach (var seed in s_seeds)
        {
            var (random, dice) = (new RandomPolicy(seed, hosts: 3, wide: true), new Dice(seed));
            var vms = random.Inventory.Vms.ToList();
            var met = new HashSet<Address>();
            var (hosts, others, last) = (new Dictionary<string, Agent>(), new Dictionary<string, Agent>(), new Dictionary<string, ImageWords>());
            for (var step = 0; step < Steps; step++)
            {
                if (step > 0) Change(vms, dice);
                var inventory = new VmInventory([.. vms]);
                var engine = new ImageEngine(inventory, new WeeklyPolicies(random.Set, inventory).Of, Compile);
                var plain = CaseRunner.PlainEngine(random.Set, inventory);
                var packets = new RandomPackets(seed, random.Set, inventory);
                for (var i = 0; i < Packets; i++)
                {
                    var packet = packets.Next();
                    var (wanted, got) = (plain(packet), engine.Judge(packet));
                    if (wanted != got) Assert.Fail($"seed {seed}, step {step}, packet {packet}: plain {wanted}, image {got}\n{random.Text}");
                }
            }

            CompileResult Compile(string host, HostPolicy policy, long at)
            {
                var (result, again) = (Next(hosts), Next(others));
                var (image, scratch) = (result.Image!, ImageCompiler.Compile(policy, at).Image!);
                SameImage.Require(image, scratch, policy, met);
                met.UnionWith(policy.Endpoints.SelectMany(e => e.Addresses));
                Assert.Equal(again.Image!.Words.ToArray(), image.Words.ToArray());
                Assert.Equal(again.Image.Digest, image.Digest);
                if (last.TryGetValue(host, out var before) && image.Words.ChangesSince(before) is { } words)
                {
                    changed++;
                    if (image.Digest == scratch.Digest) equal++;
                    var patched = before.ToArray();
                    foreach (var (place, word) in words) patched[place] = word;
                    Assert.Equal(image.Words.ToArray(), patched);
                }
                else if (before is not null)
                {
                    compiled++;
                    Assert.Equal(scratch.Digest, image.Digest);
                }
                last[host] = image.Words;
                return result;

                CompileResult Next(Dictionary<string, Agent> by)
                {
                    if (!by.TryGetValue(host, out var agent)) by.Add(host, agent = new());
                    return agent.Compile(policy, at);
                }
            }
        }
        output.WriteLine($"{changed} changes, {equal} of them equal to the byte to the image from scratch, {compiled} compilations");
        Assert.True(changed > 60 && compiled > 60, $"{changed} changes, {compiled} compilations");
    }

    /// <summary>A VM comes, goes, is labelled anew, or has other addresses.</summary>
    private static void Change(List<InventoryVm> vms, Dice dice)
    {
        var at = dice.Below(vms.Count);
        var vm = vms[at];
        switch (dice.Below(4))
        {
            case 0 when vms.Count > 3:
                vms.RemoveAt(at);
                break;
            case 1:
                var name = $"vm-{dice.Between(20, 29)}";
                var twin = vm with { Uuid = VmInventory.UuidOf(vm.Tenant, name), Name = name };
                if (vms.All(v => v.Uuid != twin.Uuid)) vms.Add(twin with { Nics = [.. vm.Nics.Select(n => n with { Addresses = Other(n.Addresses, dice) })] });
                break;
            case 2:
                vms[at] = vm with { Nics = [.. vm.Nics.Select(n => n with { Addresses = Other(n.Addresses, dice) })] };
                break;
            default:
                vms[at] = vm with { Labels = vm.Labels.SetItem("tier", dice.Of(s_tiers)) };
                break;
        }
    }

    private static ImmutableArray<Address> Other(ImmutableArray<Address> addresses, Dice dice) =>
        [.. addresses.Select(a => a with { Bits = a.Bits + (UInt128)dice.Between(0, 3) }).Distinct().Order()];

    private static HostImage[] Images(params string[][] inventories)
    {
        var agent = new Agent();
        return [.. inventories.Select(vms => agent.Compile(new Scene(Rules + Scene.VmsOf(vms)).Policy, 0).Image!)];
    }

    [Fact]
    public void A_member_that_leaves_and_comes_back_writes_its_own_words_only()
    {
        string[] without = [.. Vms[..3], Scene.Vm("web-2", "t: none", "10.0.0.5, \"fd00::5\"")];
        var images = Images(Vms, without, Vms);
        var left = images[1].Words.ChangesSince(images[0].Words)!;
        Assert.InRange(left.Count, 1, 2);
        Assert.Empty(images[2].Words.ChangesSince(images[0].Words)!);
        Assert.Equal(images[0].Digest, images[2].Digest);
        Assert.NotEqual(images[0].Digest, images[1].Digest);
        Assert.Equal(images[0].Nics, images[2].Nics);
    }

    [Fact]
    public void Only_those_whose_rules_name_the_group_are_judged_again()
    {
        var images = Images(Vms, Vms[..3]);
        Assert.NotNull(images[1].Words.ChangesSince(images[0].Words));
        var again = images[0].Nics.Zip(images[1].Nics).Count(n => n.First.RulesetDigest != n.Second.RulesetDigest);
        Assert.Equal(1, again);
    }

    [Theory]
    [InlineData("t: guarded", "db-2", "t: db", "10.0.0.6", "nobody had this class")]
    [InlineData("t: db", "web-3", "t: web", "10.9.9.9", "the tables have no entry for this address")]
    public void What_the_image_has_no_place_for_is_compiled(string guarded, string name, string labels, string address, string why)
    {
        var rules = Rules + Scene.Rules("q", "name: db-app, from: [group/db], to: [vm/app-1], services: [tcp/1], action: allow");
        string[] few = [Vms[0], Scene.Vm("db-1", guarded, "10.0.0.2"), .. Vms[2..]];
        var compiler = new Agent();
        var before = compiler.Compile(new Scene(rules + Scene.VmsOf(few)).Policy, 0).Image!;
        var after = compiler.Compile(new Scene(rules + Scene.VmsOf([.. few, Scene.Vm(name, labels, address)])).Policy, 0).Image!;
        Assert.True(after.Words.ChangesSince(before.Words) is null, why);
    }

    [Fact]
    public void What_a_guard_holds_in_lists_is_no_reason_to_compile()
    {
        var rules = Rules.Replace("action: guard,", "action: guard, vlans: [7], untracked: {serves: [tcp/80]},", StringComparison.Ordinal);
        var agent = new Agent();
        var images = new[] { Vms, Vms[..3] }.Select(vms => agent.Compile(new Scene(rules + Scene.VmsOf(vms)).Policy, 0).Image!).ToArray();
        Assert.NotNull(images[1].Words.ChangesSince(images[0].Words));
    }

    [Fact]
    public void A_guarded_member_and_a_rule_that_begins_are_compiled()
    {
        var images = Images(Vms, [.. Vms[..1], Scene.Vm("db-1", "t: web", "10.0.0.2"), .. Vms[2..]]);
        Assert.Null(images[1].Words.ChangesSince(images[0].Words));
        var policy = new Scene(Rules.Replace("action: allow", "action: allow, expiresAt: 1970-01-02", StringComparison.Ordinal) + Scene.VmsOf(Vms)).Policy;
        var compiler = new Agent();
        var first = compiler.Compile(policy, 0).Image!;
        Assert.NotNull(compiler.Compile(policy, 86_399).Image!.Words.ChangesSince(first.Words));
        Assert.Null(compiler.Compile(policy, 86_400).Image!.Words.ChangesSince(first.Words));
    }

    /// <summary>As an agent gets policies: read from messages, with what it knows of the one before.</summary>
    private sealed class Agent
    {
        private readonly HostCompiler _compiler = new();
        private HostPolicy? _before;

        public CompileResult Compile(HostPolicy policy, long at) =>
            _compiler.Compile(_before = HostPolicyMessages.FromMessage(HostPolicyMessages.ToMessage(policy), _before), at);
    }
}
