using AwesomeAssertions;
using Merlon.Agent.Flows;
using Merlon.Agent.Sync;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public class FlowRecordsTest
{
    private static readonly HostPlan Plan = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1, "10.8.0.5")), "a", "web-in");

    private static MerlonEvent Event(EventType type) => new()
    {
        Type = type,
        TimeNs = 5_000_000_000,
        CreatedNs = 2_000_000_000,
        Proto = 6,
        SourcePort = 40000,
        DestinationPort = 443,
        Source = AddressBytes.From(Address.Parse("10.8.0.5")),
        Destination = AddressBytes.From(Address.Parse("2001:db8::1")),
        SourceVnic = Plan.Nics[0].Vnic,
        Segment = Plan.Nics[0].Segment,
        Verdict = Verdict.Allow,
        Reason = Reason.Rule,
        OutRule = Plan.RuleIds[0],
    };

    [Fact]
    public void Numbers_become_names_and_the_boot_clock_UTC()
    {
        var record = FlowRecords.From(Event(EventType.Open), new HostNames(Plan.Book), new ClockOffset(1000));
        record.Source.Vm.Should().Be("vm-1");
        record.Source.Tenant.Should().Be("shop");
        record.Destination.Vm.Should().BeEmpty();
        record.Destination.Address.Should().Be("2001:db8::1");
        (record.StartUnixMs, record.EndUnixMs).Should().Be((3000, 6000));
        (record.Event, record.Verdict, record.Reason).Should().Be(("open", "allow", "rule"));
        (record.OutRule, record.InRule, record.Segment).Should().Be(("shop/p/web-in@1", "", "br0"));
    }

    [Fact]
    public void A_deny_says_at_which_side_it_was_decided_and_by_the_default()
    {
        var e = Event(EventType.Deny);
        (e.Verdict, e.Reason, e.OutRule, e.InRule, e.Flags) = (Verdict.Deny, Reason.Default, 0, AbiLimits.RuleIdDefault, EventFlags.In);
        var record = FlowRecords.From(e, new HostNames(Plan.Book), default);
        (record.Direction, record.InRule, record.OutRule).Should().Be(("in", "default", ""));
    }

    [Fact]
    public void A_close_tells_how_the_connection_ended()
    {
        var e = Event(EventType.Close);
        e.EndState = ConnState.Closed;
        FlowRecords.From(e, new HostNames(Plan.Book), default).EndState.Should().Be("closed");
    }

    [Fact]
    public void A_number_in_no_book_is_shown_as_such()
    {
        var e = Event(EventType.Open);
        e.OutRule = 99999;
        FlowRecords.From(e, new HostNames(Plan.Book), default).OutRule.Should().Be("unknown/99999");
    }

    [Fact]
    public void A_vNIC_that_left_keeps_its_name()
    {
        var without = Samples.Plan(Plan.Book, Samples.Policy(2), "a");
        FlowRecords.From(Event(EventType.Close), new HostNames(without.Book), default).Source.Vm.Should().Be("vm-1");
    }
}
