using AwesomeAssertions;
using Merlon.Agent.Sync;
using Merlon.Policy.Model;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>The time in which connections are adopted (docs/agent.md, Adopting).</summary>
public sealed partial class PolicyKeeperTest
{
    /// <summary>docs/agent.md, Adopting: in the kernel before the port opens, and the same after a kill at any step.</summary>
    [Fact]
    public void A_window_opens_before_its_port_and_no_later_agent_moves_its_end()
    {
        const ulong minute = 60_000_000_000;
        var message = Message(1, 1);
        message.Nics[0].Guard.AdoptSeconds = 60;
        var open = new List<bool>();
        _kernel.Watch = () =>
        {
            if (_kernel.Fate(1).StartsWith("image", StringComparison.Ordinal)) open.Add(_kernel.Adoptions.ContainsValue(minute));
        };
        Agent(terms: Terms(0)).Apply(message);
        open.Should().NotBeEmpty().And.NotContain(false);
        _kernel.Watch = () => { };
        _kernel.Adoptions.Clear();
        var later = Agent(terms: Terms(minute / 2));
        _kernel.Adoptions.Values.Should().Equal(minute);
        message.Sequence = 2;
        message.Nics[0].Guard.AdoptSeconds = 600;
        later.Apply(message);
        _kernel.Adoptions.Values.Should().Equal(minute);
        Agent(terms: Terms(minute));
        _kernel.Adoptions.Should().BeEmpty();
    }

    [Fact]
    public void What_fails_after_the_swap_has_begun_the_time_and_ended_it()
    {
        var message = Message(1, 1);
        message.Nics[0].Guard.AdoptSeconds = 60;
        var agent = Agent(terms: Terms(0));
        _kernel.Watch = () =>
        {
            if (_kernel.Changes[^1] == "put port" && _kernel.Fate(1).StartsWith("image", StringComparison.Ordinal)) throw new KernelFault("no memory", null);
        };
        agent.Invoking(a => a.Apply(message)).Should().Throw<KernelFault>();
        _kernel.Watch = () => { };
        message.Sequence = 2;
        agent.Apply(message);
        agent.Plan!.Nics[0].Adoption.Should().BeNull();
        _kernel.Adoptions.Should().BeEmpty();
    }

    [Fact]
    public void What_fails_before_the_swap_has_begun_nothing()
    {
        var message = Message(1, 1);
        message.Nics[0].Guard.AdoptSeconds = 60;
        var agent = Agent(terms: Terms(0));
        _kernel.RefuseCommits = true;
        agent.Apply(message);
        agent.Error.Should().NotBeNull();
        _kernel.RefuseCommits = false;
        message.Sequence = 2;
        agent.Apply(message);
        _kernel.Adoptions.Should().ContainSingle();
    }

    /// <summary>By hand, under one plan; the second after a restart too.</summary>
    [Fact]
    public void What_is_let_go_by_hand_has_no_time_when_it_is_guarded_again()
    {
        var message = Message(1, 1, 2);
        foreach (var nic in message.Nics) nic.Guard.AdoptSeconds = 60;
        var agent = Agent(terms: Terms(0));
        agent.Apply(message);
        _kernel.Adoptions.Should().HaveCount(2);
        agent.EndAdoption(Samples.Key(1).VmUuid);
        agent.Reconcile();
        _kernel.Adoptions.Should().ContainKey(agent.Plan!.Nics[1].Vnic).And.HaveCount(1);
        Agent(terms: Terms(1)).Plan!.Nics.Select(n => n.Adoption is null).Should().Equal(true, false);
    }

    /// <summary>Whatever a plan says: the interface is another when its VM is behind it again.</summary>
    [Fact]
    public void The_kernel_forgets_the_time_before_an_interface_loses_its_hooks()
    {
        var message = Message(1, 1);
        message.Nics[0].Guard.AdoptSeconds = 60;
        Agent(terms: Terms(0)).Apply(message);
        var left = new List<int>();
        _kernel.Watch = () =>
        {
            if (_kernel.Changes[^1] == "detach") left.Add(_kernel.Adoptions.Count);
        };
        new PortKeeper(_kernel, NullLogger.Instance).Release(1, keepVnic: true);
        left.Should().Equal(0);
    }

    // VMs 1 and 2 have run.
    private static AdoptionTerms Terms(ulong nowNs) => new("boot", nowNs, new Dictionary<NicKey, int> { [Samples.Key(1)] = 1, [Samples.Key(2)] = 2 }, (_, _) => true);
}
