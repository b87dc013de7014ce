using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public class CompilerTests
{
    [Fact]
    public void The_header_is_as_abi_h_says()
    {
        var words = new Scene(Scene.VmsOf(Scene.Vm("a", "t: x", "10.0.0.1"))).Image.Words;
        Assert.Equal(0x1_4d45524cUL, words[0]);
        Assert.Equal((ulong)words.Length, words[1]);
        Assert.Equal(32UL | 1UL << 32, words[2]);
    }

    [Fact]
    public void Constants_are_those_of_abi_h()
    {
        var header = CaseFolder.Read("datapath/abi.h");
        (string, long)[] wanted =
        [
            ("MERLON_ABI_VERSION", (long)ImageLayout.AbiVersion), ("IMAGE_MAGIC", (long)ImageLayout.Magic), ("IMAGE_HEADER_WORDS", ImageLayout.HeaderWords),
            ("IMAGE_NIC_WORDS", ImageLayout.NicWords), ("IMAGE_RULESET_WORDS", ImageLayout.RulesetWords), ("MERLON_MAX_SLOTS", ImageLimits.Nics),
            ("MERLON_NIC_LOCALS", ImageLimits.NicLocals), ("MERLON_MAX_V6_LENGTHS", ImageLimits.V6Lengths), ("MERLON_V6_PROBES", ImageLimits.V6Probes),
            ("NIC_GUARD_OUT", ImageLayout.GuardOut), ("NIC_GUARD_IN", ImageLayout.GuardIn), ("NIC_OBSERVE", ImageLayout.Observe), ("NIC_LOG_ALLOW", ImageLayout.LogAllow),
            ("NIC_UNTRACKED", ImageLayout.Untracked), ("IMAGE_NIC_UNTRACKED", ImageLayout.NicUntracked),
            ("UNTRACKED_SERVES", (int)UntrackedRole.Serves), ("UNTRACKED_ASKS", (int)UntrackedRole.Asks),
            ("IMAGE_NODE_BIT", ImageLayout.NodeBit), ("CELL_RULE_DEFAULT", ImageLayout.CellRuleDefault), ("CELL_VERDICT_SHIFT", ImageLayout.CellVerdictShift), ("CELL_LOG", ImageLayout.CellLog), ("RULESET_NARROW", ImageLayout.RulesetNarrow),
        ];
        foreach (var (name, value) in wanted)
        {
            var text = header.Split($"#define {name} ")[1].Split([' ', '\n'])[0].TrimEnd('u');
            Assert.Equal(value, text.StartsWith("0x", StringComparison.Ordinal) ? Convert.ToInt64(text, 16) : long.Parse(text));
        }
    }

    [Theory]
    [InlineData("enforce", 1)]
    [InlineData("observe", 0)]
    public void A_table_of_which_nothing_is_observed_takes_half_the_space(string enforcement, uint narrow)
    {
        var words = new Scene(Scene.Group("g", "{select: {}}") + Scene.Rules("p", "name: r, from: [any], to: [group/g], services: [tcp/1], action: allow").Replace("spec:", $"spec:\n  enforcement: {enforcement}", StringComparison.Ordinal)
            + Scene.VmsOf(Scene.Vm("a", "t: t", "10.0.0.1"))).Image.Words;
        var (first, count) = ((int)(uint)words[ImageLayout.WordRulesets], (int)(words[ImageLayout.WordRulesets] >> 32));
        Assert.Equal(narrow, Enumerable.Range(0, count).Min(i => (uint)(words[first + i * ImageLayout.RulesetWords + 2] >> 32)));
    }

    [Fact]
    public void Equal_rulesets_share_one_table()
    {
        var vms = Enumerable.Range(1, 200).Select(i => Scene.Vm($"vm-{i}", $"t: t{i % 10}", $"10.0.{i / 100}.{i % 100 + 1}")).ToArray();
        var rules = Enumerable.Range(0, 10).Select(i => $"name: r{i}, from: [any], to: [group/g{i}], services: [tcp/{i + 1}], action: allow").ToArray();
        var groups = string.Concat(Enumerable.Range(0, 10).Select(i => Scene.Group($"g{i}", $"{{select: {{labels: {{t: t{i}}}}}}}")));
        var stats = new Scene(groups + Scene.Rules("p", rules) + Scene.VmsOf(vms)).Image.Stats;
        Assert.Equal(11, stats.Rulesets);
        Assert.Equal(11, stats.RemoteClasses);
    }

    [Fact]
    public void Too_many_own_addresses_that_rules_tell_apart_cost_that_vnic_its_traffic_and_nobody_else_anything()
    {
        var addresses = string.Join(", ", Enumerable.Range(1, 9).Select(i => $"10.{i}.0.1"));
        var rules = Enumerable.Range(1, 9).Select(i => $"name: r{i}, from: [cidr/10.{i}.0.0/16], to: [any], services: [tcp/{i}], action: allow").ToArray();
        var scene = new Scene(Scene.VmsOf(Scene.Vm("wide", "t: x", addresses), Scene.Vm("other", "t: x", "10.1.0.2")) + Scene.Rules("p", rules));
        var problem = Assert.Single(scene.Image.Nics, n => n.Problem is not null);
        Assert.Equal(scene.Inventory.Named("wide", null).First().Uuid, problem.Key.VmUuid);
        Assert.Equal("everything is denied to it: rules tell 9 of its addresses apart, at most 8 fit", problem.Problem);
        foreach (var (nic, own, verdict) in new[] { (scene.Nic("wide"), "10.1.0.1", Verdict.Deny), (scene.Nic("other"), "10.1.0.2", Verdict.Allow) })
        {
            var packet = new ImagePacket(nic, Direction.Out, 0, Address.Parse(own), true, Address.Parse("192.0.2.1"), null, 6, 1, 40000);
            Assert.Equal(verdict, ImageSimulator.Judge(scene.Image, packet)!.Value.Active);
        }
    }

    [Fact]
    public void Addresses_chosen_to_collide_in_the_ipv6_table_do_not_hold_up_the_policy()
    {
        // 100 addresses of one bucket under the first seed, in every size of table tried
        const ulong high = 0x20010db8_00000000;
        var wanted = ImageLayout.Hash6(high, 1, 128) & 0xfff;
        var chosen = Enumerable.Range(1, int.MaxValue).Where(i => (ImageLayout.Hash6(high, (ulong)i, 128) & 0xfff) == wanted).Take(100)
            .Select(i => new Address((UInt128)high << 64 | (uint)i, AddressFamily.IPv6)).ToList();
        var scene = new Scene(Scene.Group("g", "{select: {labels: {t: x}}}")
            + Scene.VmsOf(Scene.Vm("hostile", "t: x", string.Join(", ", chosen.Select(a => $"\"{a}\""))), Scene.Vm("other", "t: y", "\"2001:db8::1:2:3\""))
            + Scene.Rules("p", "name: r, from: [group/g], to: [any], services: [tcp/1], action: allow"));
        foreach (var address in chosen)
        {
            var packet = new ImagePacket(scene.Nic("other"), Direction.In, 0, Address.Parse("2001:db8::1:2:3"), true, address, null, 6, 1, 40000);
            Assert.Equal(Verdict.Allow, ImageSimulator.Judge(scene.Image, packet)!.Value.Active);
        }
    }

    [Fact]
    public void Too_many_prefix_lengths_are_refused()
    {
        var nested = Enumerable.Range(32, 33).Select(i => $"name: n{i}, from: [\"cidr/2001:db8::/{i}\"], to: [any], services: [tcp/1], action: allow").ToArray();
        Assert.Null(Record.Exception(() => new Scene(Scene.VmsOf(Scene.Vm("a", "t: x", "10.0.0.1")) + Scene.Rules("p", nested[..32])).Image));
        var compiled = new Scene(Scene.VmsOf(Scene.Vm("a", "t: x", "10.0.0.1")) + Scene.Rules("p", nested)).Compiled;
        Assert.Equal("IPv6 prefix lengths: 33 are more than 32 (all cidrs and own addresses of this host's policy together)", Assert.Single(compiled.Errors));
    }

    [Fact]
    public void Too_many_classes_are_refused_and_name_the_policy()
    {
        var policy = new Scene(Scene.VmsOf(Scene.Vm("a", "t: x", "192.0.2.1")) + Scene.Rules("wide", "name: r, from: [cidr/10.0.0.0/32], to: [any], services: [any], action: allow")).Policy;
        var sets = Enumerable.Range(0, 66000).Select(i => new EndpointSet([], [Prefix.Of(new((UInt128)(0x0a000000 + i), AddressFamily.IPv4))], [], []));
        var lists = policy.RuleLists.Select(l => l with { Rules = [.. l.Rules.Select(r => r with { Remotes = r.AnyRemote ? [] : [.. Enumerable.Range(0, 66000)] })] });
        var compiled = ImageCompiler.Compile(policy with { Sets = [.. sets], RuleLists = [.. lists] }, 0);
        Assert.Equal("remote classes: 66001 are more than 65535 (most by policy shop/wide, whose rules name 66000 sets)", Assert.Single(compiled.Errors));
    }

    [Fact]
    public void An_image_that_points_outside_itself_is_a_fault_and_no_verdict()
    {
        var image = new Scene(Scene.VmsOf(Scene.Vm("a", "t: x", "10.0.0.1"))).Image;
        var packet = new ImagePacket(0, Direction.Out, 0, Address.Parse("10.0.0.1"), true, Address.Parse("192.0.2.1"), null, 6, 80, 40000);
        Assert.Equal(Verdict.Deny, ImageSimulator.Judge(image, packet)!.Value.Active);
        Assert.Throws<ImageFaultException>(() => ImageSimulator.Judge(image, packet with { Nic = 1 }));
        Assert.Throws<ImageFaultException>(() => ImageSimulator.Judge(image, packet with { Realm = 1 }));
        Assert.Throws<ImageFaultException>(() => ImageSimulator.Judge(image, packet with { RemoteClass = 7 }));
    }

    [Fact]
    public void An_empty_policy_compiles()
    {
        var image = ImageCompiler.Compile(HostPolicy.Empty, 0).Image!;
        Assert.Empty(image.Nics);
        Assert.Empty(image.Realms);
    }

    [Fact]
    public void A_rule_that_logs_is_silent_on_a_vnic_that_logs_denies_only()
    {
        const string guards = "---\napiVersion: merlon/v1\nkind: Guard\nmetadata: {name: a}\nspec: {action: guard, select: [vm/quiet], log: denies}\n---\napiVersion: merlon/v1\nkind: Guard\nmetadata: {name: b}\nspec: {action: guard, select: [any], log: rules}\n";
        var scene = new Scene(guards + Scene.VmsOf(Scene.Vm("quiet", "t: x", "10.0.0.1"), Scene.Vm("loud", "t: x", "10.0.0.2"))
            + Scene.Rules("p", "name: r, from: [any], to: [any], services: [any], action: allow, log: true"));
        Assert.Equal(2, scene.Image.Stats.Rulesets);
    }
}
