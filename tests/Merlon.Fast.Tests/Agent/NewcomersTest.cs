using AwesomeAssertions;
using Merlon.Agent.Gate;
using Merlon.Agent.Guests;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public sealed class NewcomersTest
{
    private readonly Newcomers _newcomers = new();

    [Fact]
    public void A_list_that_was_asked_for_before_a_VM_was_met_takes_nothing_from_it()
    {
        _newcomers.Meet(Vm("new", running: true), Environment.TickCount64);
        _newcomers.Corrected([Vm("old", true)], asked: 0).Select(g => g.Name).Should().Equal("old", "new");
        _newcomers.Corrected([Vm("old", true), Vm("new", running: false)], asked: 0)[1].Running.Should().BeTrue();
        _newcomers.Corrected([Vm("old", true)], asked: Environment.TickCount64 + 1000).Select(g => g.Name).Should().Equal("old");
        _newcomers.Corrected([], asked: 0).Should().BeEmpty();
    }

    [Fact]
    public void A_VM_that_does_not_start_after_all_is_as_libvirt_says()
    {
        _newcomers.Meet(Vm("new", running: true), Environment.TickCount64);
        _newcomers.Unconfirmed.Should().BeTrue();
        _newcomers.Refuse(Vm("new", running: true).Uuid);
        _newcomers.Corrected([Vm("new", running: false)], asked: 0)[0].Running.Should().BeFalse();
        _newcomers.Unconfirmed.Should().BeFalse();
    }

    [Fact]
    public void The_wait_ends_with_the_policy_that_follows_from_what_was_told()
    {
        _newcomers.NextNumber();
        var known = _newcomers.InForce();
        _newcomers.Taken(number: 0, sequence: 3, newest: 3);
        known.IsCompleted.Should().BeFalse("that was an earlier inventory");
        _newcomers.Taken(number: 1, sequence: 4, newest: 3);
        known.IsCompleted.Should().BeFalse("its policy has not come yet");
        _newcomers.Settle(newest: 4);
        known.IsCompleted.Should().BeTrue();
    }

    [Fact]
    public void Without_a_controller_nobody_waits_for_ever()
    {
        var known = _newcomers.InForce();
        _newcomers.GiveUp();
        known.IsCompleted.Should().BeTrue();
    }

    [Fact]
    public void The_controller_has_answered_only_with_what_is_in_force()
    {
        _newcomers.AllTaken(inForce: 9).Should().BeFalse("it was told of nobody");
        _newcomers.NextNumber();
        _newcomers.Taken(number: 1, sequence: 4, newest: 4);
        _newcomers.AllTaken(inForce: 3).Should().BeFalse("a policy that was refused here says nothing");
        _newcomers.AllTaken(inForce: 4).Should().BeTrue();
        _newcomers.NextNumber();
        _newcomers.AllTaken(inForce: 4).Should().BeFalse("there are newer news");
    }

    private static Guest Vm(string name, bool running) => new(name, name, null, new Dictionary<string, string>(), running, false, []);
}
