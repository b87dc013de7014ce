using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class MulticastTests(Shop shop) : IClassFixture<Shop>
{
    private static readonly MacAddress Everyone = new(0xffffffffffff);

    private Packet Mdns(bool v6) => shop.WebToDb(v6) with
    {
        Destination = Address.Parse(v6 ? "ff02::fb" : "224.0.0.251"),
        DestinationMac = new(v6 ? 0x3333000000fbUL : 0x01005e0000fbUL),
        SourcePort = 5353,
        DestinationPort = 5353,
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_group_is_judged_by_its_address_each_time_and_makes_no_entry(bool v6)
    {
        var rule = shop.Rules.First(r => r.Value == "shop/app/many@1").Key;
        var before = shop.Kernel.Counters.RuleHits(rule).Decided;
        for (var i = 0; i < 3; i++) Assert.Equal(Outcome.Pass, shop.Hook("from_vm", shop.Web, Mdns(v6).Bytes()));
        Assert.Equal(before + 3, shop.Kernel.Counters.RuleHits(rule).Decided);
        Assert.Empty(shop.Kernel.Connections.List());
        Assert.Equal(new(false, "from_vm", Reason.Default), shop.Hook("from_vm", shop.Web, (Mdns(v6) with { DestinationPort = 5354 }).Bytes()));
        // db lets nothing of it in.
        Assert.Equal(new(false, "to_vm", Reason.Default), shop.Hook("to_vm", shop.Db, Mdns(v6).Bytes()));
    }

    [Fact]
    public void A_unicast_address_behind_a_group_mac_is_no_way_around()
    {
        var packet = shop.WebToDb() with { DestinationMac = Everyone };
        Assert.Equal(Outcome.Pass, shop.Hook("from_vm", shop.Web, packet.Bytes()));
        Assert.Empty(shop.Kernel.Connections.List());
        Assert.Equal(new(false, "from_vm", Reason.Default), shop.Hook("from_vm", shop.Web, (packet with { DestinationPort = 81 }).Bytes()));
    }

    [Fact]
    public void Group_reports_leave_and_queries_only_arrive()
    {
        var igmp = Mdns(false) with { Proto = Protocols.Igmp, Data = 8 };
        foreach (var type in (int[])[0x12, 0x16, 0x17, 0x22]) Assert.Equal(Outcome.Pass, shop.Hook("from_vm", shop.Web, (igmp with { IcmpType = type }).Bytes()));
        Assert.Equal(Outcome.Pass, shop.Hook("from_vm", shop.Web, (igmp with { IcmpType = 0x22, Source = Address.Parse("0.0.0.0") }).Bytes()));
        Assert.Equal(new(false, "from_vm", Reason.Default), shop.Hook("from_vm", shop.Web, (igmp with { IcmpType = 0x11 }).Bytes()));
        Assert.Equal(Outcome.Pass, shop.Hook("to_vm", shop.Web, (igmp with { IcmpType = 0x11, SourceMac = Shop.Router }).Bytes()));
        var mld = Mdns(true) with { Proto = Protocols.Icmp6, Source = shop.Web.LinkLocal, HopLimit = 1, Data = 16 };
        foreach (var type in (int[])[131, 132, 143]) Assert.Equal(Outcome.Pass, shop.Hook("from_vm", shop.Web, (mld with { IcmpType = type }).Bytes()));
        Assert.Equal(Outcome.Pass, shop.Hook("from_vm", shop.Web, (mld with { IcmpType = 143, Source = Address.Parse("::") }).Bytes()));
        Assert.Equal(new(false, "from_vm", Reason.Default), shop.Hook("from_vm", shop.Web, (mld with { IcmpType = 130 }).Bytes()));
        Assert.Equal(Outcome.Pass, shop.Hook("to_vm", shop.Web, (mld with { IcmpType = 130, SourceMac = Shop.Router }).Bytes()));
    }

    // To one VM it would be a way to it that no rule opened.
    [Fact]
    public void What_is_no_report_to_a_group_is_judged()
    {
        var igmp = shop.WebToDb() with { Proto = Protocols.Igmp, IcmpType = 0x16, Data = 8 };
        Assert.Equal(new(false, "from_vm", Reason.Default), shop.Hook("from_vm", shop.Web, igmp.Bytes()));
        Assert.Equal(new(false, "from_vm", Reason.Default), shop.Hook("from_vm", shop.Web, (igmp with { DestinationMac = Everyone }).Bytes()));
        Assert.Equal(new(false, "to_vm", Reason.Default), shop.Hook("to_vm", shop.Db, igmp.Bytes()));
        // Routers' own kinds: DVMRP, PIM, traceroute.
        foreach (var type in (int[])[0x13, 0x14, 0x1e, 0x1f])
            Assert.Equal(new(false, "from_vm", Reason.Default), shop.Hook("from_vm", shop.Web, (Mdns(false) with { Proto = Protocols.Igmp, IcmpType = type, Data = 8 }).Bytes()));
        foreach (var type in (int[])[131, 132, 143])
        {
            var mld = shop.WebToDb(true) with { Proto = Protocols.Icmp6, IcmpType = type, HopLimit = 1, Data = 16 };
            Assert.Equal(new(false, "from_vm", Reason.Default), shop.Hook("from_vm", shop.Web, mld.Bytes()));
            Assert.Equal(new(false, "to_vm", Reason.Default), shop.Hook("to_vm", shop.Db, mld.Bytes()));
        }
    }
}
