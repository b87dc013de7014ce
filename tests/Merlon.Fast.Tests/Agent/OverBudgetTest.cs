using Merlon.Agent.Flows;
using Merlon.Agent.Status;
using Merlon.Agent.Sync;
using Merlon.Contracts.Wire;
using Merlon.Controller.Flows;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>Who is over a budget is named, with whom, and how much a record stands for.</summary>
public sealed class OverBudgetTest
{
    private static readonly HostPlan s_plan = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1, "10.8.0.1"), Samples.Endpoint(2, "10.8.0.2")), "a", "r");
    private readonly Dictionary<ushort, BudgetRecord> _kernel = [];
    private readonly Talkers _talkers = new();
    private readonly List<FlowRecordMessage> _records = [];
    private readonly AlarmBoard _alarms = new(TimeProvider.System, NullLogger.Instance);
    private readonly OverBudget _over;
    private ulong _second = 1;

    public OverBudgetTest()
    {
        _over = new(vm => _kernel.GetValueOrDefault(vm), _talkers, _records.Add, _alarms);
        Look();
    }

    private static NicPlan One => s_plan.Nics[0];
    private static NicPlan Two => s_plan.Nics[1];

    [Fact]
    public void Nobody_is_over_who_was_refused_nothing_since_he_came_in_sight()
    {
        Refuse(One, 5);
        var late = new OverBudget(vm => _kernel[vm], _talkers, _records.Add, _alarms);
        _kernel[Two.Budget] = default;
        for (var i = 0; i < 2; i++) late.Look(s_plan.Nics, new(s_plan.Book), default, 1);
        Assert.Empty(_alarms.List());
        Assert.Empty(_records);
        Assert.Null(late.Of(One.Key.VmUuid));
    }

    [Fact]
    public void The_vm_the_budget_and_the_top_talker_are_named_and_the_neighbour_is_not()
    {
        Refuse(One, 900);
        Deny(One, Two, 53, 600);
        Deny(One, Two, 80, 300);
        Look();
        var record = Assert.Single(_records);
        Assert.Equal(("budget", "half-open-budget", "vm-1", "vm-2", 53U, 900UL, 0UL), (record.Event, record.Reason, record.Source.Vm, record.Destination.Vm, record.DestinationPort, record.PacketsOut, record.BytesOut));
        Assert.Equal((1000L, 2000L), (record.StartUnixMs, record.EndUnixMs));
        Assert.Equal("vm-1 is over a budget (half-open-budget); top talker: 10.8.0.1 > 10.8.0.2 udp/53", Assert.Single(_alarms.List()).Message);
        Assert.True(Assert.Single(_alarms.List()).ByGuest);
        Assert.Equal(["half-open-budget"], _over.Of(One.Key.VmUuid));
        Assert.Null(_over.Of(Two.Key.VmUuid));
        Assert.Equal((One.Vnic, One.Vnic), (Talkers.BookedOn(Event(One, Two, 53, 1)), Talkers.BookedOn(Event(One, Two, 53, 1) with { Reason = Reason.TableFull })));
    }

    [Fact]
    public void Records_stand_for_every_refusal_once()
    {
        foreach (var (refused, denied) in new[] { (3U, 3U), (0U, 0U), (0U, 0U), (4U, 0U), (5U, 9U), (0U, 0U), (0U, 0U), (7U, 7U) })
        {
            Refuse(One, refused);
            if (denied > 0) Deny(One, Two, 53, denied);
            Look();
            Assert.Equal(refused > 0, _over.Of(One.Key.VmUuid) is not null);
        }
        Assert.Equal([3UL, 9UL, 7UL], _records.Select(r => r.PacketsOut));
        Assert.Equal([(1000, 2000), (4000, 6000), (8000, 9000)], _records.Select(r => (r.StartUnixMs, r.EndUnixMs)));
    }

    /// <summary>Else whoever pulses stays out of the flow log.</summary>
    [Fact]
    public void What_is_told_late_is_told_though_nothing_more_is_refused()
    {
        Refuse(One, 4);
        Look();
        Assert.Empty(_records);
        Deny(One, Two, 53, 4);
        Look();
        Assert.Equal((4UL, "vm-2", 53U), Assert.Single(_records) is var r ? (r.PacketsOut, r.Destination.Vm, r.DestinationPort) : default);
        for (var i = 0; i < 5; i++) Look();
        Assert.Single(_records);
    }

    [Fact]
    public void Without_a_deny_record_the_vm_is_named_all_the_same_and_told_after_three_looks()
    {
        _kernel[One.Budget] = new() { RefusedHalfOpen = uint.MaxValue };
        Look();
        Assert.Empty(_records);
        Assert.Equal("vm-1 is over a budget (half-open-budget); no deny record tells with whom", Assert.Single(_alarms.List()).Message);
        // The kernel's count wraps.
        _kernel[One.Budget] = new() { RefusedHalfOpen = 1 };
        for (var i = 0; i < 4; i++) Look();
        var told = Assert.Single(_records);
        Assert.Equal((2UL + uint.MaxValue, "vm-1", "10.8.0.1", "", "::", 0U), (told.PacketsOut, told.Source.Vm, told.Source.Address, told.Destination.Vm, told.Destination.Address, told.Protocol));
        Assert.NotNull(FlowReader.Read(told, "host"));
    }

    [Fact]
    public void Who_is_flooded_from_outside_is_not_said_to_misbehave()
    {
        Refuse(One, 10);
        _talkers.Count(Event(Two, One, 80, 10) with { SourceVnic = 0 });
        Look();
        var alarm = Assert.Single(_alarms.List());
        Assert.Equal("vm-1 is being flooded (half-open-budget); top talker: 10.8.0.2 > 10.8.0.1 udp/80", alarm.Message);
        Assert.StartsWith("until that ends nothing new is opened to it, nor by it; keep the sender out by a rule", alarm.Mend, StringComparison.Ordinal);
        // From forged addresses.
        for (uint n = 1; n < 3000; n++) _talkers.Count(Event(Two, One, 80, 1) with { SourceVnic = 0, Source = AddressBytes.From(Address.Parse($"192.0.{n >> 8}.{n & 255}")) });
        Refuse(One, 3000);
        Look();
        Assert.Equal("vm-1 is being flooded (half-open-budget); no single peer", Assert.Single(_alarms.List()).Message);
        Assert.Equal(("::", "vm-1"), (_records[1].Source.Address, _records[1].Destination.Vm));
    }

    [Fact]
    public void A_talker_of_before_does_not_stand_for_what_no_deny_record_tells()
    {
        Refuse(One, 1000);
        Deny(One, Two, 53, 1000);
        Look();
        Refuse(One, 7);
        for (var i = 0; i < 3; i++) Look();
        Assert.Equal([("vm-2", 1000UL), ("", 7UL)], _records.Select(r => (r.Destination.Vm, r.PacketsOut)));
    }

    [Fact]
    public void Where_no_peer_stands_out_none_is_named()
    {
        for (ushort port = 1; port <= 3000; port++) Deny(One, Two, port, 1);
        Refuse(One, 3000);
        Look();
        Assert.Equal("vm-1 is over a budget (half-open-budget); no single peer", Assert.Single(_alarms.List()).Message);
        Assert.Equal((3000UL, "vm-1", "::"), Assert.Single(_records) is var r ? (r.PacketsOut, r.Source.Vm, r.Destination.Address) : default);
    }

    [Fact]
    public void Whoever_changes_his_talker_each_second_is_news_twice()
    {
        for (ushort port = 1; port <= 5; port++)
        {
            Deny(One, Two, port, 1000);
            Refuse(One, 1000);
            Look();
            Assert.Equal($"vm-1 is over a budget (half-open-budget); top talker: 10.8.0.1 > 10.8.0.2 udp/{port}", Assert.Single(_alarms.List()).Message);
            Assert.Equal(port <= 2, _alarms.TakeRaised());
        }
    }

    [Fact]
    public void Of_a_vnic_that_is_gone_nothing_is_kept()
    {
        Deny(One, Two, 53, 5);
        _over.Look([Two], new(s_plan.Book), default, 1);
        Assert.Null(_talkers.Top([One.Vnic], Reason.HalfOpenBudget));
    }

    [Fact]
    public void What_comes_from_outside_and_what_is_refused_with_the_answer_is_the_vms_that_pays()
    {
        var outside = Event(One, Two, 80, 1) with { SourceVnic = 0 };
        Assert.Equal(Two.Vnic, Talkers.BookedOn(outside));
        var answer = Event(Two, One, 40000, 1) with { Reason = Reason.VmBudget, SourcePort = 80 };
        Assert.Equal(One.Vnic, Talkers.BookedOn(answer));
        Assert.Equal(Two.Vnic, Talkers.BookedOn(answer with { Proto = 6 }));
        Assert.Equal(Two.Vnic, Talkers.BookedOn(answer with { Flags = EventFlags.None }));
        // What a policy refuses is booked where it was judged.
        Assert.Equal(One.Vnic, Talkers.BookedOn(answer with { Reason = Reason.Default }));
    }

    [Fact]
    public void A_peer_with_most_of_it_is_found_among_any_number_of_others()
    {
        for (ushort port = 1; port < 3000; port++)
        {
            Deny(One, Two, port, 1);
            if (port % 4 == 0) Deny(One, Two, 5000, 1);
        }
        Assert.Equal(5000, _talkers.Top([One.Vnic], Reason.HalfOpenBudget)!.Value.Example.DestinationPort);
        // What is new outweighs what is old.
        for (var i = 0; i < 12; i++) _talkers.Top([One.Vnic], Reason.HalfOpenBudget);
        Deny(One, Two, 6000, 5);
        Assert.Equal(6000, _talkers.Top([One.Vnic], Reason.HalfOpenBudget)!.Value.Example.DestinationPort);
        Assert.Null(_talkers.Top([One.Vnic], Reason.IcmpRate));
        Assert.Null(_talkers.Top([Two.Vnic], Reason.HalfOpenBudget));
    }

    private void Look() => _over.Look(s_plan.Nics, new(s_plan.Book), default, _second++ * 1_000_000_000);

    private void Refuse(NicPlan vm, uint more)
    {
        var now = _kernel.GetValueOrDefault(vm.Budget);
        now.RefusedHalfOpen += more;
        _kernel[vm.Budget] = now;
    }

    private void Deny(NicPlan from, NicPlan to, ushort port, ulong packets) => _talkers.Count(Event(from, to, port, packets));

    private static MerlonEvent Event(NicPlan from, NicPlan to, ushort port, ulong packets)
    {
        var e = new MerlonEvent
        {
            Type = EventType.Deny,
            Flags = EventFlags.In,
            Proto = 17,
            Reason = Reason.HalfOpenBudget,
            Verdict = Verdict.Deny,
            Source = AddressBytes.From(from.Addresses[0]),
            Destination = AddressBytes.From(to.Addresses[0]),
            DestinationPort = port,
            SourceVnic = from.Vnic,
            DestinationVnic = to.Vnic,
        };
        e.Packets[0] = packets;
        return e;
    }
}
