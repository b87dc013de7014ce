using AwesomeAssertions;
using Merlon.Agent.Guests;
using Merlon.Agent.Sync;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>Which VMs ran here before anybody wanted them guarded.</summary>
public class ResidentsTest
{
    private readonly GuestBook _guests = new();
    private readonly Residents _residents;

    public ResidentsTest()
    {
        _residents = new(_guests);
        _guests.SetDomains([Guest(1), Guest(2)]);
    }

    [Fact]
    public void Those_that_the_host_s_first_agent_found()
    {
        _residents.Found([Tap(1)]);
        Ran(1, Tap(1), Tap(2)).Should().BeTrue();
        Ran(2, Tap(1), Tap(2)).Should().BeFalse();
    }

    [Fact]
    public void Those_that_a_policy_left_alone_and_not_those_that_it_guards()
    {
        var plan = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1)), "a");
        _residents.LeftAlone(plan, [Tap(1), Tap(2)]);
        Ran(1, Tap(1), Tap(2)).Should().BeFalse();
        Ran(2, Tap(1), Tap(2)).Should().BeTrue();
    }

    [Fact]
    public void No_VM_that_came_after_that()
    {
        _residents.LeftAlone(null, [Tap(1)]);
        _guests.SetDomains([Guest(1), Guest(2), Guest(3)]);
        Ran(3, Tap(1), Tap(2), Tap(3)).Should().BeFalse();
    }

    [Fact]
    public void None_at_the_gate_however_its_interface_is_named()
    {
        _residents.Found([Tap(1)]);
        _guests.AtGate(Samples.Key(1).VmUuid, waits: true);
        Ran(1, Tap(1)).Should().BeFalse();
        _residents.Keep([]);
        _residents.LeftAlone(null, [Tap(1)]);
        _guests.AtGate(Samples.Key(1).VmUuid, waits: false);
        Ran(1, Tap(1)).Should().BeFalse();
    }

    [Fact]
    public void None_that_started_again_with_an_interface_of_the_same_name()
    {
        _residents.LeftAlone(null, [Tap(1)]);
        Ran(1, Tap(1) with { Ifindex = 77 }).Should().BeFalse();
        _residents.Keep([Tap(1) with { Ifindex = 77 }]);
        Ran(1, Tap(1)).Should().BeFalse();
    }

    [Fact]
    public void None_that_is_off()
    {
        _guests.SetDomains([Guest(1) with { Running = false }]);
        _residents.LeftAlone(null, [Tap(1)]);
        Ran(1, Tap(1)).Should().BeFalse();
    }

    [Fact]
    public void Whoever_is_attached_by_hand()
    {
        var key = Samples.Key(9);
        _guests.SetByHand([new("vnet9", "vm-9", key.VmUuid, 0, "shop", System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty, "52:54:00:00:00:09", [], "br0")]);
        Ran(9, Tap(9)).Should().BeTrue();
    }

    private bool Ran(int vm, params HostLink[] links) => _guests.Interfaces(links).TryGetValue(Samples.Key(vm), out var ifindex) && _residents.Ran(Samples.Key(vm), ifindex);

    private static HostLink Tap(int vm) => new(100 + vm, $"vnet{vm}", "br0");

    private static Guest Guest(int number) => new(
        Samples.Key(number).VmUuid, $"vm-{number}", "shop", new Dictionary<string, string>(), true, false,
        [new(0, $"52:54:00:00:00:{number:x2}", "br0", $"vnet{number}", [], null)]);
}
