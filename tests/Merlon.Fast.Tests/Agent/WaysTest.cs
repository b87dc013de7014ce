using AwesomeAssertions;
using Merlon.Agent.Sync;
using Merlon.Policy.Resolve;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>Which ports the short cut may use, and that a port loses its way before it changes.</summary>
public sealed class WaysTest
{
    private const uint Bridge = 7;
    private readonly PretendedKernel _kernel = new();
    private readonly PortKeeper _ports;
    private readonly HostPlan _plan = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1, "10.8.0.1"), Samples.Endpoint(2, "10.8.0.2")), "digest");

    public WaysTest() => _ports = new(_kernel, NullLogger.Instance);

    private int[] Ways => [.. _kernel.Ways.Select(w => w.Ifindex)];

    // VM n is behind interface n.
    private WantedPort[] Wanted(Func<WantedPort, WantedPort>? second = null)
    {
        WantedPort[] ports = [.. _plan.Nics.Select((n, i) => new WantedPort(i + 1, n.Vm, n, null, Bridge, 1500, Plain: true))];
        if (second is not null) ports[1] = second(ports[1]);
        return ports;
    }

    // And the look of the next second.
    private void Reconcile(params WantedPort[] wanted)
    {
        _ports.Prepare(wanted, _plan);
        _ports.Settle(wanted, _plan);
        _ports.KeepWays(wanted);
    }

    [Fact]
    public void Ports_of_a_plain_bridge_have_ways()
    {
        Reconcile(Wanted());
        Ways.Should().Equal(1, 2);
        _kernel.Ways[1].Should().Match<Merlon.Datapath.Maps.Way>(w => w.Domain == Bridge && w.Mtu == 1500 && w.Vnic == _plan.Nics[1].Vnic && w.Mac == _plan.Nics[1].Mac);
        _kernel.Changes.Clear();
        Reconcile(Wanted());
        _kernel.Changes.Should().NotContain("ways");
    }

    [Fact]
    public void A_port_without_a_domain_has_none_and_one_that_its_Guard_or_its_bridge_keeps_there_takes_the_bridge()
    {
        Reconcile(Wanted(p => p with { Domain = 0 }));
        Ways.Should().Equal(1);
        Reconcile(Wanted());
        Ways.Should().Equal(1, 2);
        _kernel.Ways.Should().NotContain(w => w.ByBridge);
        Reconcile(Wanted(p => p with { Plan = p.Plan! with { Guard = NicGuard.Default with { ShortCut = false } } }));
        _kernel.Ways.Select(w => w.ByBridge).Should().Equal(false, true);
        Reconcile(Wanted(p => p with { Plain = false }));
        _kernel.Ways.Select(w => w.ByBridge).Should().Equal(false, true);
    }

    [Fact]
    public void A_captured_port_has_none_before_its_record_says_so()
    {
        Reconcile(Wanted());
        _ports.Captured = _plan.Nics[1].Key.VmUuid;
        var first = "";
        _kernel.Watch = () => first = first.Length == 0 ? _kernel.Changes[^1] : first;
        Reconcile(Wanted());
        first.Should().Be("ways");
        Ways.Should().Equal(1);
        _ports.Captured = null;
        Reconcile(Wanted());
        Ways.Should().Equal(1, 2);
    }

    [Fact]
    public void A_port_that_leaves_loses_its_way_first()
    {
        Reconcile(Wanted());
        _kernel.Changes.Clear();
        Reconcile(Wanted()[0]);
        _kernel.Changes[0].Should().Be("ways");
        Ways.Should().Equal(1);
    }

    /// <summary>What is asked of every port grows with their number: an attach does not wait for it.</summary>
    [Fact]
    public void A_new_port_has_its_way_with_the_next_look()
    {
        Reconcile(Wanted()[0]);
        var asked = _kernel.Asked;
        _ports.Prepare(Wanted(), _plan);
        _ports.Settle(Wanted(), _plan);
        Ways.Should().Equal(1);
        _kernel.Asked.Should().Be(asked);
        _ports.KeepWays(Wanted());
        Ways.Should().Equal(1, 2);
    }

    [Fact]
    public void What_the_host_shows_later_counts_too()
    {
        Reconcile(Wanted());
        _kernel.Crowded.Add(2);
        _ports.KeepWays(Wanted());
        Ways.Should().Equal(1);
        _kernel.Obstacle = "nft has chains of the bridge family";
        _ports.KeepWays(Wanted());
        Ways.Should().BeEmpty();
        (_kernel.Obstacle, _) = (null, _kernel.Crowded.Remove(2));
        _ports.KeepWays(Wanted());
        Ways.Should().Equal(1, 2);
    }
}
