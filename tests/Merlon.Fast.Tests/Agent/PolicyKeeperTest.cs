using AwesomeAssertions;
using Merlon.Agent.Sync;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public sealed partial class PolicyKeeperTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-keeper").FullName;
    private readonly PretendedKernel _kernel = new();
    private long _now = 1000;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // VM n is behind interface n.
    private PolicyKeeper Agent(Func<HostPolicy, long, CompileResult>? compile = null, bool recall = false, AdoptionTerms? terms = null)
    {
        var ports = new PortKeeper(_kernel, NullLogger.Instance);
        var agent = new PolicyKeeper(_kernel, ports, new(_folder), new(_folder, () => TrustList.Read(), () => null),
            plan => [.. (plan?.Nics ?? []).Select(n => new WantedPort(int.Parse(n.Vm[3..], null), n.Vm, n))],
            compile ?? Compile, () => _now, NullLogger.Instance)
        {
            Terms = () => terms ?? AdoptionTerms.None,
        };
        if (recall) agent.Recall();
        else agent.Restore();
        return agent;
    }

    private static CompileResult Compile(HostPolicy policy, long at)
    {
        ulong[] words = [policy.Sequence];
        return new(Samples.Image(policy, $"ruleset-of-{policy.Sequence}", $"rule-{policy.Sequence}") with
        {
            Words = new([.. words]),
        }, []);
    }

    private static HostPolicyMessage Message(ulong sequence, params int[] vms) =>
        HostPolicyMessages.ToMessage(Samples.Policy(sequence, [.. vms.Select(vm => Samples.Endpoint(vm, $"10.8.0.{vm}"))]));

    [Fact]
    public void A_new_port_is_closed_until_its_policy_is_in_force()
    {
        var fates = new List<string>();
        _kernel.Watch = () => fates.Add(_kernel.Fate(1));
        Agent().Apply(Message(1, 1));
        fates.Distinct().Should().HaveCount(3);
        fates.Distinct().Take(2).Should().Equal("open", "closed");
        fates[^1].Should().StartWith("image");
    }

    /// <summary>Its vNIC is forgotten long before, and nothing else is left to forget.</summary>
    [Fact]
    public void The_number_of_a_VM_that_is_gone_is_free_when_it_is_charged_for_nothing()
    {
        var agent = Agent();
        agent.Apply(Message(1, 1, 2));
        var (gone, stays) = (Samples.Key(1).VmUuid, Samples.Key(2).VmUuid);
        _kernel.Vms.Add(agent.Book.Budgets[gone]);
        agent.Apply(Message(2, 2));
        for (var i = 0; i < 3; i++) agent.Sweep();
        agent.Book.Retired.Should().BeEmpty();
        agent.Book.Budgets.Keys.Should().BeEquivalentTo(gone, stays);
        _kernel.Vms.Clear();
        agent.Sweep();
        agent.Book.Budgets.Keys.Should().Equal(stays);
    }

    /// <summary>Else what is judged again after the commit would find it the vNIC's own still, and be approved anew. A VM that is let go keeps
    /// its addresses until nobody judges it.</summary>
    [Fact]
    public void An_address_that_a_vNIC_loses_is_nobody_s_before_the_commit()
    {
        var agent = Agent();
        agent.Apply(HostPolicyMessages.ToMessage(Samples.Policy(1, Samples.Endpoint(1, "10.8.0.1", "10.8.0.77"), Samples.Endpoint(2, "10.8.0.2"))));
        _kernel.Changes.Clear();
        agent.Apply(HostPolicyMessages.ToMessage(Samples.Policy(2, Samples.Endpoint(1, "10.8.0.1"))));
        _kernel.Changes.Where(c => c is "remove owner" or "commit" or "detach").Should().Equal("remove owner", "commit", "detach", "remove owner");
    }

    /// <summary>As with an address: what the commit has judged again must not find the licence that is gone.</summary>
    [Fact]
    public void A_licence_is_there_and_gone_before_the_commit_and_ends_with_its_vNIC()
    {
        var agent = Agent();
        agent.Apply(Licensed(1, "10.8.0.100/32"));
        _kernel.Licences().Values.Should().ContainSingle().Which.Licence.ToString().Should().Be("10.8.0.100/32");
        var epoch = _kernel.Fate(1);
        _kernel.Changes.Clear();
        agent.Apply(Licensed(2, "10.8.0.101/32"));
        agent.Apply(Licensed(3, null));
        _kernel.Changes.Where(c => c.EndsWith("licence", StringComparison.Ordinal) || c == "commit").Should().Equal("put licence", "commit", "remove licence", "commit");
        _kernel.Fate(1).Split("epoch")[1].Should().NotBe(epoch.Split("epoch")[1], "what it opened by its licence is judged again");
        agent.Apply(Licensed(4, "10.8.0.100/32"));
        agent.Apply(Message(5, 2));
        _kernel.Licences().Should().BeEmpty();
    }

    private static HostPolicyMessage Licensed(ulong sequence, string? prefix)
    {
        var policy = Samples.Policy(sequence, Samples.Endpoint(1, "10.8.0.1"));
        var licence = Prefix.TryParse(prefix, out var address) ? new Licence([address], []) : Licence.None;
        return HostPolicyMessages.ToMessage(policy with { Nics = [policy.Nics[0] with { Guard = NicGuard.Default with { AntiSpoof = AntiSpoof.Default with { Licence = licence } } }] });
    }

    [Fact]
    public void An_older_policy_is_refused_and_the_one_in_force_stays()
    {
        var agent = Agent();
        agent.Apply(Message(5, 1));
        var before = _kernel.Picture();
        agent.Apply(Message(4, 1, 2));
        agent.Error.Should().Be("sequence 4 is older than 5");
        _kernel.Picture().Should().Be(before);
    }

    [Fact]
    public void The_same_policy_again_changes_nothing_and_is_no_error()
    {
        var agent = Agent();
        agent.Apply(Message(5, 1));
        _kernel.Changes.Clear();
        agent.Apply(Message(5, 1));
        agent.Error.Should().BeNull();
        _kernel.Changes.Should().BeEmpty();
        agent.Apply(Message(5, 1, 2));
        agent.Error.Should().Be("sequence 5 came again with other content");
    }

    [Fact]
    public void A_step_that_fails_after_the_swap_leaves_its_epochs_to_nobody_else()
    {
        var agent = Agent();
        agent.Apply(Message(1, 1));
        _kernel.Watch = () => _kernel.StepsToLive = _kernel.Changes[^1] == "commit" ? 0 : int.MaxValue;
        var second = () => agent.Apply(Message(2, 1, 2));
        second.Should().Throw<PretendedKernel.KilledException>();
        (_kernel.Watch, _kernel.StepsToLive) = (() => { }, int.MaxValue);
        var between = Epoch();
        agent.Apply(Message(3, 1));
        Epoch().Should().BeGreaterThan(between, "what was approved under the one is judged again under the other");
    }

    private int Epoch() => int.Parse(_kernel.Fate(1).Split(' ')[^1], null);

    // Before the trial 1 is guarded, on trial 1 and 2.
    private static HostPolicyMessage OnTrial(ulong sequence, long confirmBy)
    {
        var message = Message(sequence, 1, 2);
        (message.ConfirmBy, message.Fallback) = (confirmBy, Message(sequence, 1));
        return message;
    }

    [Fact]
    public void Not_confirmed_the_old_policy_is_back_at_the_stated_second()
    {
        var agent = Agent();
        agent.Apply(Message(1, 1));
        agent.Apply(OnTrial(2, 1300));
        agent.ConfirmBy.Should().Be(DateTimeOffset.FromUnixTimeSeconds(1300));
        _now = 1299;
        agent.FollowTime().Should().BeFalse();
        _kernel.Ports().Keys.Should().BeEquivalentTo([1, 2]);
        _now = 1300;
        agent.FollowTime().Should().BeTrue();
        _kernel.Ports().Keys.Should().BeEquivalentTo([1]);
        (agent.FellBack, agent.ConfirmBy, agent.Error).Should().Be((true, null, null));
        agent.Apply(Message(3, 1));
        agent.FellBack.Should().BeFalse();
    }

    // Each sequence has a ruleset of its own.
    private static HostPolicyMessage Letting(ulong sequence, ulong from, long until)
    {
        var message = Message(sequence, 1);
        message.Connections = new() { From = from, Until = until, Tenants = { "shop" } };
        return message;
    }

    [Theory]
    [InlineData(1, 0L, true)]
    [InlineData(1, 1300L, true)]
    [InlineData(2, 0L, false)]
    public void Connections_go_on_only_where_the_step_began(ulong from, long until, bool same)
    {
        var agent = Agent();
        agent.Apply(Message(1, 1));
        var before = agent.Book.Nics[0].Epoch;
        agent.Apply(Letting(3, from, until));
        (agent.Book.Nics[0].Epoch == before).Should().Be(same);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Drained_connections_end_at_the_stated_second_whoever_was_killed(bool killed)
    {
        var agent = Agent();
        agent.Apply(Message(1, 1));
        agent.Apply(Letting(2, 1, 1300));
        var before = agent.Book.Nics[0].Epoch;
        if (killed) agent = Agent();
        agent.Book.Nics[0].Epoch.Should().Be(before);
        _now = 1299;
        agent.FollowTime().Should().BeFalse();
        _now = 1300;
        agent.FollowTime().Should().BeTrue();
        agent.Book.Nics[0].Epoch.Should().NotBe(before);
        agent.FollowTime().Should().BeFalse();
    }

    [Fact]
    public void Confirmed_it_stays()
    {
        var agent = Agent();
        agent.Apply(OnTrial(2, 1300));
        agent.Apply(Message(3, 1, 2));
        _now = 1300;
        agent.FollowTime().Should().BeFalse();
        _kernel.Ports().Keys.Should().BeEquivalentTo([1, 2]);
    }

    [Theory]
    [InlineData(1299, new[] { 1, 2 })]
    [InlineData(1300, new[] { 1 })]
    public void An_agent_that_was_killed_meanwhile_knows_of_the_trial(long started, int[] guarded)
    {
        Agent().Apply(OnTrial(2, 1300));
        _now = started;
        var again = Agent();
        _kernel.Ports().Keys.Should().BeEquivalentTo(guarded);
        _now = 1300;
        again.FollowTime().Should().Be(started < 1300);
        _kernel.Ports().Keys.Should().BeEquivalentTo([1]);
        again.FellBack.Should().BeTrue();
    }

    [Fact]
    public void A_trial_that_comes_after_its_end_is_what_was_before()
    {
        _now = 1300;
        var agent = Agent();
        agent.Apply(OnTrial(2, 1300));
        _kernel.Ports().Keys.Should().BeEquivalentTo([1]);
    }

    [Fact]
    public void A_refused_commit_leaves_the_old_policy_whole_and_the_newcomer_unattached()
    {
        var agent = Agent();
        agent.Apply(Message(1, 1));
        var before = _kernel.Picture();
        _kernel.RefuseCommits = true;
        agent.Apply(Message(2, 1, 2));
        agent.Error.Should().Be("no memory");
        agent.Plan!.Sequence.Should().Be(1);
        _kernel.Picture().Should().Be(before);
        _kernel.RefuseCommits = false;
        agent.Apply(Message(3, 1, 2));
        agent.Error.Should().BeNull();
    }

    // VM 1 is guarded; 2 and 3, elsewhere, are in the set that its rule names, or only 3 is.
    private static HostPolicyMessage Naming(ulong sequence, bool member) => Naming(sequence, member ? [1, 2] : [2]);

    private static HostPolicyMessage Naming(ulong sequence, int[] members)
    {
        var policy = Samples.Policy(sequence, Samples.Endpoint(1, "10.8.0.1"), Samples.Endpoint(2, "10.8.0.2"), Samples.Endpoint(3, "10.8.0.3"));
        var rule = new ResolvedRule(new("shop", "p", "r", 1), Tier.Tenant, RuleAction.Allow, false, [0], true, [], [ServiceMatch.Any], false, false, []);
        return HostPolicyMessages.ToMessage(policy with
        {
            Nics = [policy.Nics[0] with { OutRules = 0, InRules = 1 }],
            Sets = [new([.. members], [], [], [])],
            RuleLists = [new(Direction.Out, [rule], RuleAction.Deny), new(Direction.In, [rule], RuleAction.Deny)],
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_member_that_leaves_changes_words_of_the_image_and_a_new_agent_compiles_it(bool killed)
    {
        var compiler = new HostCompiler();
        var agent = Agent(compiler.Compile);
        agent.Apply(Naming(1, member: true));
        var epoch = agent.Book.Nics[0].Epoch;
        if (killed) agent = Agent(new HostCompiler().Compile);
        _kernel.Changes.Clear();
        if (killed) _kernel.StepsToLive = 0;
        try
        {
            agent.Apply(Naming(2, member: false));
            killed.Should().BeFalse();
        }
        catch (PretendedKernel.KilledException)
        {
            _kernel.StepsToLive = int.MaxValue;
            agent = Agent(new HostCompiler().Compile);
        }
        _kernel.Changes.Where(c => c is "change" or "commit").Should().Equal(killed ? "commit" : "change");
        agent.InForce.Should().BeTrue();
        agent.Plan!.Sequence.Should().Be(2);
        agent.Book.Nics[0].Epoch.Should().NotBe(epoch);
        _kernel.Changes.Clear();
        var words = agent.Plan!.Image.Words;
        agent.Apply(Naming(3, member: false));
        _kernel.Changes.Should().NotContain("change").And.NotContain("commit");
        agent.Plan!.Image.Words.Should().BeSameAs(words, "nothing is copied or hashed for a sequence that changes nothing");
    }

    private PolicyKeeper Hook()
    {
        var hook = Agent(ImageCompiler.Compile, recall: true);
        hook.Plan.Should().NotBeNull();
        return hook;
    }

    [Fact]
    public void A_hook_beside_an_agent_knows_the_image_that_a_change_left()
    {
        var agent = Agent(new HostCompiler().Compile);
        agent.Apply(Naming(1, member: true));
        agent.Apply(Naming(2, []));
        var hook = Hook();
        hook.Plan!.Image.Digest.Should().NotBe(agent.Plan!.Image.Digest, "from scratch it has a class less");
        hook.InForce.Should().BeTrue();

        var store = new BookStore(_folder);
        var book = store.Load();
        store.Save(book with { Image = null });
        Hook().InForce.Should().BeFalse("nothing says that it is the image of this policy");
        store.Save(book with { Image = book.Image! with { Generation = book.Image.Generation + 1 } });
        Hook().InForce.Should().BeFalse("killed before the swap, the book is ahead of the kernel");
        store.Save(book with { Image = book.Image! with { Boot = "before" } });
        Hook().InForce.Should().BeFalse("generations count anew after a boot");
        store.Save(book with { Nics = [.. book.Nics.Select(n => n with { Epoch = n.Epoch + 1 })] });
        Hook().InForce.Should().BeFalse("it binds another epoch");
        store.Save(book);
        Hook().InForce.Should().BeTrue();
    }

    // The read-back after the swap of 2 fails: 1 is the plan, and the words of 2 are in the kernel.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_failed_step_left_in_the_kernel_is_what_the_next_change_starts_from(bool undone)
    {
        var agent = Agent(new HostCompiler().Compile);
        agent.Apply(Naming(1, member: true));
        _kernel.Changes.Clear();
        _kernel.Read = () =>
        {
            if (_kernel.Changes.Count(c => c is "change" or "commit") == 1) throw undone ? new KernelFault("cannot be read", null) : new PretendedKernel.KilledException();
        };
        var second = () => agent.Apply(Naming(2, member: false));
        if (undone)
        {
            second();
            agent.Error.Should().Contain("could not be put back");
        }
        else
        {
            second.Should().Throw<PretendedKernel.KilledException>();
        }
        _kernel.Changes.Should().Contain("change");
        _kernel.Read = () => { };
        agent.Apply(Naming(3, member: true));
        agent.Error.Should().BeNull();
        agent.Plan!.Sequence.Should().Be(3);
        agent.InForce.Should().BeTrue();
        Hook().InForce.Should().BeTrue();
    }

    [Fact]
    public void A_policy_that_does_not_compile_changes_nothing()
    {
        var agent = Agent((policy, at) => policy.Sequence == 2 ? new(null, ["too many classes"]) : Compile(policy, at));
        agent.Apply(Message(1, 1));
        _kernel.Changes.Clear();
        agent.Apply(Message(2, 1, 2));
        agent.Error.Should().Be("too many classes");
        _kernel.Changes.Should().BeEmpty();
    }

    [Fact]
    public void A_new_agent_changes_nothing_that_the_old_one_left()
    {
        Agent().Apply(Message(1, 1, 2));
        _kernel.Changes.Clear();
        var again = Agent();
        again.Plan!.Sequence.Should().Be(1);
        _kernel.Changes.Where(c => c is not ("set budget" or "keep shares" or "set adoptions")).Should().BeEmpty();
    }

    [Fact]
    public void A_damaged_policy_on_disk_leaves_the_kernel_as_it_is()
    {
        Agent().Apply(Message(1, 1));
        var before = _kernel.Picture();
        File.WriteAllBytes(Directory.GetFiles(_folder, "policy-*").Single(), [0xff, 0xff]);
        var again = new PolicyKeeper(_kernel, new PortKeeper(_kernel, NullLogger.Instance), new(_folder), new(_folder, () => TrustList.Read(), () => null),
            plan => plan is null ? [.. _kernel.Ports().Select(p => new WantedPort(p.Key, "x", null, p.Value))] : [], Compile, () => 1000, NullLogger.Instance);
        again.Restore();
        again.Error.Should().StartWith("last-known-good cannot be used");
        _kernel.Picture().Should().Be(before);
    }

    [Fact]
    public void A_lost_book_starts_above_every_number_that_the_kernel_holds()
    {
        var first = Agent();
        first.Apply(Message(1, 1));
        File.Delete(Path.Combine(_folder, "state.json"));
        var again = Agent();
        again.Book.NextVnic.Should().BeGreaterThan(first.Plan!.Nics[0].Vnic);
        again.Book.NextEpoch.Should().BeGreaterThan(first.Plan.Nics[0].Epoch);
    }

    [Fact]
    public void Killed_at_any_step_no_hole_opens_and_the_next_agent_ends_the_same()
    {
        for (var step = 0; ; step++)
        {
            using var run = new PolicyKeeperTest();
            if (!run.KilledAt(step)) return;
        }
    }

    // 1 leaves, 2 stays under a new ruleset, 3 comes.
    private bool KilledAt(int step)
    {
        Agent().Apply(Message(1, 1, 2));
        var seen2 = new HashSet<string>();
        _kernel.Watch = () =>
        {
            seen2.Add(_kernel.Fate(2));
            _kernel.Fate(2).Should().StartWith("image", "a guarded VM is judged by one policy or the other at every step");
            if (_kernel.Attached().ContainsKey(3)) _kernel.Fate(3).Should().NotBe("open", "a newcomer is closed until it is judged");
        };
        var agent = Agent();
        _kernel.StepsToLive = step;
        var killed = false;
        try
        {
            agent.Apply(Message(2, 2, 3));
        }
        catch (PretendedKernel.KilledException)
        {
            killed = true;
        }
        _kernel.StepsToLive = int.MaxValue;
        if (killed) Agent();
        seen2.Count.Should().BeLessThanOrEqualTo(2);
        _kernel.Fate(1).Should().Be("open");
        _kernel.Fate(2).Should().StartWith("image").And.EndWith("record 0 epoch 3");
        _kernel.Fate(3).Should().StartWith("image").And.EndWith("record 1 epoch 4");
        _kernel.Ports().Keys.Should().BeEquivalentTo([2, 3]);
        return killed;
    }
}
