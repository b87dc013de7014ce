using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class FirstPacketTests(Shop shop) : IClassFixture<Shop>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_allowed_datagram_passes_both_hooks_and_makes_one_half_open_entry(bool v6)
    {
        Assert.Equal(Outcome.Pass, shop.Send(shop.WebToDb(v6) with { SourcePort = 30001 }));
        var entry = Assert.Single(shop.Kernel.Connections.List(), e => e.SourcePort == 30001 && e.Source.Family == (v6 ? AddressFamily.IPv6 : AddressFamily.IPv4));
        Assert.True(entry.HalfOpen);
        Assert.Equal((shop.Web.Record.Vnic, shop.Db.Record.Vnic), (entry.SourceVnic, entry.DestinationVnic));
        Assert.Equal((1UL, 0UL), (entry.PacketsOut, entry.PacketsBack));
        Assert.Equal(("shop/app/web-db@1", "shop/app/web-db@1"), (shop.Rules[entry.OutRule], shop.Rules[entry.InRule]));
        Assert.Equal(shop.Web.Record.Vm, entry.Vm);
    }

    [Theory]
    [InlineData(Protocols.Tcp, 80, true)]
    [InlineData(Protocols.Udp, 53, true)]
    [InlineData(Protocols.Sctp, 80, true)]
    [InlineData(47, 0, true)]
    [InlineData(Protocols.Tcp, 81, false)]
    [InlineData(Protocols.Udp, 54, false)]
    [InlineData(Protocols.Sctp, 81, false)]
    [InlineData(50, 0, false)]
    public void A_rule_names_protocol_and_port(int protocol, int port, bool passes)
    {
        foreach (var v6 in (bool[])[false, true])
        {
            var packet = shop.WebToDb(v6) with { Proto = protocol, DestinationPort = port, SourcePort = 30002, Flags = Tcp.Syn, Data = 8 };
            Assert.Equal(passes ? Outcome.Pass : new(false, "from_vm", Reason.Default), shop.Send(packet));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_outside_host_is_judged_by_its_address(bool v6)
    {
        Assert.Equal(Outcome.Pass, shop.Send(shop.OutsideToDb(v6) with { SourcePort = 30003 }));
        Assert.Equal(new(false, "to_vm", Reason.Default), shop.Send(shop.OutsideToDb(v6) with { SourcePort = 30003, DestinationPort = 8081 }));
        var stranger = Address.Parse(v6 ? "2001:db9::7" : "192.0.3.7");
        Assert.Equal(new(false, "to_vm", Reason.Default), shop.Send(shop.OutsideToDb(v6) with { Source = stranger, SourcePort = 30003 }));
        var entry = Assert.Single(shop.Kernel.Connections.List(), e => e.SourcePort == 30003 && e.Source.Family == (v6 ? AddressFamily.IPv6 : AddressFamily.IPv4));
        Assert.Equal((0U, shop.Db.Record.Vnic), (entry.SourceVnic, entry.DestinationVnic));
        Assert.Equal(shop.Db.Record.Vm, entry.Vm);
    }

    [Fact]
    public void A_packet_to_an_unguarded_host_makes_its_entry_at_from_vm()
    {
        Assert.Equal(Outcome.Pass, shop.Send(shop.WebToOutside() with { SourcePort = 30004 }));
        var entry = Assert.Single(shop.Kernel.Connections.List(), e => e.SourcePort == 30004);
        Assert.Equal((shop.Web.Record.Vnic, 0U), (entry.SourceVnic, entry.DestinationVnic));
        Assert.Equal((1UL, 0U), (entry.PacketsOut, entry.InRule));
        Assert.Equal(Outcome.Pass, shop.Send((shop.WebToOutside() with { SourcePort = 30004 }).Back()));
    }

    [Fact]
    public void A_reject_rule_drops_and_says_reject()
    {
        shop.Events();
        Assert.Equal(new(false, "to_vm", Reason.Rule), shop.Send(shop.OutsideToDb() with { Proto = Protocols.Tcp, Flags = Tcp.Syn, DestinationPort = 22, SourcePort = 30005 }));
        var told = Assert.Single(shop.Events(), e => e.Type == EventType.Deny);
        Assert.Equal((Verdict.Reject, Reason.Rule, "shop/app/no-ssh@1"), (told.Verdict, told.Reason, shop.Rules[told.InRule]));
        Assert.Equal((30005, 22, 1UL), (told.SourcePort, told.DestinationPort, told.Packets[0]));
        Assert.Equal((Shop.OutsideV4, shop.Db.V4), (told.Source.ToAddress(), told.Destination.ToAddress()));
        Assert.Equal((0U, shop.Db.Record.Vnic, EventFlags.In), (told.SourceVnic, told.DestinationVnic, told.Flags));
    }

    [Fact]
    public void An_open_event_names_both_vnics_and_both_rules()
    {
        shop.Events();
        shop.Send(shop.WebToDb() with { SourcePort = 30006 });
        var told = Assert.Single(shop.Events());
        Assert.Equal((EventType.Open, Verdict.Allow, Reason.Rule), (told.Type, told.Verdict, told.Reason));
        Assert.Equal((shop.Web.Record.Vnic, shop.Db.Record.Vnic), (told.SourceVnic, told.DestinationVnic));
        Assert.Equal(("shop/app/web-db@1", "shop/app/web-db@1"), (shop.Rules[told.OutRule], shop.Rules[told.InRule]));
        Assert.Equal((30006, 80, shop.Web.Record.Segment), (told.SourcePort, told.DestinationPort, told.Segment));
    }

    [Fact]
    public void Rule_hits_count_judgements_not_packets()
    {
        var rule = shop.Rules.First(r => r.Value == "shop/app/web-out@1").Key;
        var before = shop.Kernel.Counters.RuleHits(rule).Decided;
        for (var i = 0; i < 5; i++) shop.Send(shop.WebToOutside() with { SourcePort = 30007 });
        Assert.Equal(before + 1, shop.Kernel.Counters.RuleHits(rule).Decided);
    }

    [Fact]
    public void The_highest_rule_number_has_its_hits_too()
    {
        using var own = new Shop();
        var rules = own.Image!.Rules;
        var numbers = Enumerable.Range(0, rules.Length).Select(i => AbiLimits.MaxRuleIds - 1U - (uint)i).ToArray();
        own.Kernel.Images.Commit(own.Image.Words.AsSpan(), own.Kernel.Images.ReadBack()!.Bind, numbers);
        for (var i = 0; i < 3; i++) own.Send(own.WebToOutside() with { SourcePort = 30010 + i });
        var hits = rules.Select((r, i) => (Rule: r.ToString(), Hits: own.Kernel.Counters.RuleHits(numbers[i]).Decided)).ToArray();
        Assert.Equal([("shop/app/web-out@1", 3UL)], hits.Where(h => h.Hits > 0));
        Assert.Equal(AbiLimits.MaxRuleIds - 1U, numbers[0]);
    }

    [Fact]
    public void A_packet_from_an_address_to_itself_is_dropped() =>
        Assert.Equal(new(false, "to_vm", Reason.SameAddresses), shop.Send(shop.OutsideToDb() with { Source = shop.Db.V4 }));

    [Fact]
    public void A_flooded_copy_for_another_mac_is_dropped_without_an_event()
    {
        shop.Events();
        var frame = (shop.OutsideToDb() with { SourcePort = 30008 }).Bytes();
        Assert.Equal(new(false, "to_vm", Reason.OtherMac), shop.Hook("to_vm", shop.Web, frame));
        Assert.Empty(shop.Events());
        Assert.DoesNotContain(shop.Kernel.Connections.List(), e => e.SourcePort == 30008);
    }

    [Fact]
    public void Replies_follow_their_connection_and_promote_it()
    {
        var ask = shop.WebToDb() with { SourcePort = 30009, Data = 10 };
        shop.Send(ask);
        for (var i = 0; i < 3; i++) Assert.Equal(Outcome.Pass, shop.Send(ask.Back() with { Data = 100 }));
        Assert.Equal(Outcome.Pass, shop.Send(ask));
        var entry = Assert.Single(shop.Kernel.Connections.List(), e => e.SourcePort == 30009);
        Assert.Equal((false, ConnState.Established), (entry.HalfOpen, entry.State));
        Assert.Equal((2UL, 3UL, 2UL * 38, 3UL * 128), (entry.PacketsOut, entry.PacketsBack, entry.BytesOut, entry.BytesBack));
        Assert.Equal(new(false, "from_vm", Reason.Default), shop.Send(ask.Back() with { DestinationPort = 30010 }));
    }

    [Fact]
    public void Without_the_handoff_each_hook_judges_by_itself_and_the_entry_is_completed_by_the_sender()
    {
        shop.Kernel.Control.Flags = ControlFlags.NoHandoff;
        var ask = shop.WebToDb() with { SourcePort = 30011 };
        Assert.Equal(Outcome.Pass, shop.Send(ask));
        shop.Kernel.Control.Flags = ControlFlags.None;
        Assert.Equal(0U, Assert.Single(shop.Kernel.Connections.List(), e => e.SourcePort == 30011).SourceVnic);
        Assert.Equal(Outcome.Pass, shop.Send(ask.Back()));
        Assert.Equal(Outcome.Pass, shop.Send(ask));
        var entry = Assert.Single(shop.Kernel.Connections.List(), e => e.SourcePort == 30011);
        Assert.Equal((shop.Web.Record.Vnic, shop.Db.Record.Vnic), (entry.SourceVnic, entry.DestinationVnic));
    }
}
