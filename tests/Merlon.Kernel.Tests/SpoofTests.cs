using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class SpoofTests : IDisposable
{
    private static readonly MacAddress Forged = new(0x525400000077);
    private readonly Shop _shop = new();

    public void Dispose() => _shop.Dispose();

    private Outcome FromWeb(Packet packet) => _shop.Hook("from_vm", _shop.Web, packet.Bytes());

    private static Outcome Dropped(Reason reason) => new(false, "from_vm", reason);

    [Fact]
    public void A_forged_mac_is_dropped_whatever_it_carries()
    {
        Assert.Equal(Dropped(Reason.SpoofedMac), FromWeb(_shop.WebToDb() with { SourceMac = Forged }));
        Assert.Equal(Dropped(Reason.SpoofedMac), FromWeb(_shop.WebToDb(true) with { SourceMac = Forged }));
        Assert.Equal(Dropped(Reason.SpoofedMac), _shop.Hook("from_vm", _shop.Web, Neighbour.Arp(Forged, _shop.Web.V4, _shop.Db.V4)));
    }

    [Fact]
    public void A_source_that_is_not_its_own_is_dropped()
    {
        foreach (var (source, destination) in new[]
        {
            ("10.0.0.2", "10.0.0.9"), ("10.9.9.9", "10.0.0.2"), ("0.0.0.0", "10.0.0.2"), ("255.255.255.255", "10.0.0.2"), ("fd00::2", "fd00::9"),
            ("fd00::77", "fd00::2"), ("::", "fd00::2"), ("fe80::1", "fd00::2"), ("fe80::5054:ff:fe00:2", "fd00::2"),
        })
            Assert.Equal((source, Dropped(Reason.SpoofedAddress)), (source, FromWeb(_shop.WebToDb() with { Source = Address.Parse(source), Destination = Address.Parse(destination), DestinationMac = Shop.Router })));
    }

    [Fact]
    public void The_link_local_address_of_its_mac_is_its_own() =>
        Assert.Equal(Dropped(Reason.Default), FromWeb(_shop.WebToDb(true) with { Source = _shop.Web.LinkLocal, DestinationPort = 9 }));

    [Fact]
    public void Observed_spoofing_passes_and_is_told_once_then_counted()
    {
        _shop.ChangePort("web", p => p with { SpoofMac = 1, SpoofIpv4 = 1 });
        _shop.Events();
        for (var i = 0; i < 10; i++) Assert.Equal(Outcome.Pass, FromWeb(_shop.WebToOutside() with { SourceMac = Forged }));
        var told = _shop.Events().Where(e => e.Type == EventType.Spoof).ToArray();
        Assert.Equal((Reason.SpoofedMac, Verdict.WouldDeny, 1UL), (told[0].Reason, told[0].Verdict, told[0].Packets[0]));
        _shop.WaitForTimer(9);
        Assert.Equal(10UL, told.Concat(_shop.Events().Where(e => e.Type == EventType.Spoof)).Aggregate(0UL, (sum, e) => sum + e.Packets[0]));
    }

    [Fact]
    public void A_check_that_is_off_asks_nothing()
    {
        _shop.ChangePort("web", p => p with { SpoofMac = 0, SpoofIpv4 = 0, SpoofIpv6 = 0 });
        _shop.Events();
        Assert.Equal(Outcome.Pass, FromWeb(_shop.WebToOutside() with { SourceMac = Forged, Source = Address.Parse("10.7.7.7") }));
        Assert.DoesNotContain(_shop.Events(), e => e.Type == EventType.Spoof);
    }

    [Fact]
    public void A_foreign_source_is_judged_by_the_vnic_that_speaks()
    {
        // db may not send to web, whatever address it writes; web's vNIC is what web's rules are about.
        _shop.ChangePort("web", p => p with { SpoofIpv4 = 0 });
        _shop.ChangePort("db", p => p with { SpoofIpv4 = 0 });
        Assert.Equal(Outcome.Pass, _shop.Send(_shop.WebToDb() with { Source = Address.Parse("10.7.7.7"), SourcePort = 4001 }));
        Assert.Equal(Dropped(Reason.Default), _shop.Send(_shop.WebToDb().Back() with { Source = Address.Parse("10.0.0.1"), Destination = Address.Parse("10.0.0.9"), DestinationPort = 80 }));
    }

    [Fact]
    public void An_established_connection_is_not_asked_for_its_source_again()
    {
        var packet = _shop.WebToOutside() with { SourcePort = 4002 };
        Assert.Equal(Outcome.Pass, FromWeb(packet));
        _shop.Kernel.Owners.Remove(_shop.Web.Record.Realm, _shop.Web.V4);
        Assert.Equal(Outcome.Pass, FromWeb(packet));
        Assert.Equal(Dropped(Reason.SpoofedAddress), FromWeb(packet with { SourcePort = 4003 }));
    }
}
