using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class ObserveTests : IDisposable
{
    private const string Guards = """
        ---
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: all, tenant: platform}
        spec: {priority: 10, action: guard, select: [any], MORE}
        """;

    private readonly World _world = new();

    public void Dispose() => _world.Dispose();

    private const string Asking = "mode: observe, antiSpoof: {mac: enforce, ipv4: enforce, ipv6: enforce, arp: enforce, nd: enforce, dhcpServer: enforce, ra: enforce}";

    private void Apply(string guard, Func<string, string>? change = null) =>
        _world.Apply((change?.Invoke(Shop.Manifest) ?? Shop.Manifest) + "\n" + Guards.Replace("MORE", guard, StringComparison.Ordinal));

    private Packet WebToDb => _world.WebToDb();

    private Packet FromOutside => new(Shop.OutsideV4, _world["db"].V4) { SourceMac = Shop.Router, DestinationMac = _world["db"].Mac };

    [Fact]
    public void An_observed_vnic_passes_what_it_would_deny_and_says_which_rule()
    {
        Apply("mode: observe");
        Assert.Equal(Outcome.Pass, _world.Send(FromOutside with { Proto = Protocols.Tcp, Flags = Tcp.Syn, DestinationPort = 22, SourcePort = 7001 }));
        var told = Assert.Single(_world.Events());
        Assert.Equal((EventType.Open, Verdict.WouldDeny, Reason.Observed), (told.Type, told.Verdict, told.Reason));
        Assert.Equal("shop/app/no-ssh@1", _world.Rules[told.CandidateRule]);
        Assert.Equal(new(0, 1), _world.Kernel.Counters.RuleHits(told.CandidateRule));
        Assert.True(told.Flags.HasFlag(EventFlags.WouldDeny));
    }

    [Fact]
    public void A_running_connection_of_an_observed_vnic_is_not_cut()
    {
        Apply("mode: observe");
        Assert.Equal(Outcome.Pass, _world.Send(WebToDb with { Proto = Protocols.Tcp, Flags = Tcp.Ack, Seq = 5, SourcePort = 7002 }));
        Assert.Equal(Outcome.Pass, _world.Send(FromOutside with { Proto = Protocols.Icmp, IcmpType = 3, Body = WebToDb.Ip() }));
        Assert.Equal(Outcome.Pass, _world.Send(FromOutside with { EtherType = 0x88cc, Data = 40 }));
        Assert.All(_world.Events(), e => Assert.Equal((EventType.Deny, Verdict.WouldDeny), (e.Type, e.Verdict)));
        Assert.Empty(_world.Kernel.Counters.Drops());
    }

    [Fact]
    public void A_Guard_that_observes_only_tells_of_a_forged_source()
    {
        Apply("mode: observe");
        Packet forged6 = new(Address.Parse("fd00::7"), _world["db"].V6) { SourceMac = _world["web"].Mac, DestinationMac = _world["db"].Mac };
        foreach (var packet in new[] { WebToDb with { Source = Address.Parse("10.0.0.7") }, forged6 })
        {
            Assert.Equal(Outcome.Pass, _world.Send(packet));
            var told = _world.Events().Select(e => (e.Type, e.Verdict, e.Reason)).ToArray();
            Assert.Contains((EventType.Spoof, Verdict.WouldDeny, Reason.SpoofedAddress), told);
        }
    }

    [Fact]
    public void A_check_that_it_names_is_enforced()
    {
        Apply("mode: observe, antiSpoof: {ipv4: enforce}");
        Assert.Equal(new(false, "from_vm", Reason.SpoofedAddress), _world.Send(WebToDb with { Source = Address.Parse("10.0.0.7") }));
    }

    /// <summary>Told only where it leaves, the forger is still who it is to a neighbour that sees its MAC.</summary>
    [Fact]
    public void An_observed_forger_is_not_taken_for_its_victim_by_a_neighbour()
    {
        const string Rules = """
            ---
            apiVersion: merlon/v1
            kind: Policy
            metadata: {name: one, tenant: shop}
            spec: {priority: 1, rules: [{name: one, from: [cidr/203.0.113.9/32], to: [vm/db], appliesTo: [vm/db], services: [udp/4000], action: allow}]}
            ---
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: web, tenant: platform}
            spec: {priority: 1, action: guard, select: [vm/web], mode: observe}

            """;
        Apply("mode: enforce", m => m + "\n" + Rules);
        Assert.Equal(Outcome.Pass, _world.Send(FromOutside with { Source = Address.Parse("203.0.113.9"), Proto = Protocols.Udp, DestinationPort = 4000 }));
        Assert.Equal(new(false, "to_vm", Reason.Default), _world.Send(WebToDb with { Source = Address.Parse("203.0.113.9"), Proto = Protocols.Udp, SourcePort = 7030, DestinationPort = 4000 }));
    }

    [Fact]
    public void Observing_does_not_switch_anti_spoofing_off()
    {
        Apply(Asking);
        Assert.Equal(new(false, "from_vm", Reason.SpoofedAddress), _world.Send(WebToDb with { Source = Address.Parse("10.0.0.7") }));
    }

    // What antiSpoof never came to ask must not pass because it would have been dropped anyway.
    [Fact]
    public void A_packet_that_would_be_dropped_before_it_is_asked_for_its_source_is_asked_all_the_same()
    {
        Apply(Asking);
        var spoofed = WebToDb with { Source = Address.Parse("10.0.0.7") };
        Packet spoofed6 = new(Address.Parse("fd00::7"), _world["db"].V6) { SourceMac = _world["web"].Mac, DestinationMac = _world["db"].Mac };
        Packet[] odd =
        [
            spoofed with { Proto = Protocols.Tcp, Flags = Tcp.Syn | Tcp.Fin }, spoofed with { Proto = Protocols.Tcp, Flags = Tcp.Syn, Body = [], LengthLie = -4 },
            spoofed with { FragmentOffset = 1480, Data = 40 }, spoofed6 with { FragmentOffset = 1480, Data = 40 }, spoofed with { Destination = spoofed.Source },
            spoofed6 with { Proto = 51, Data = 40 }, spoofed6 with { Extensions = [.. Enumerable.Repeat((60, new byte[8]), 9)] },
        ];
        foreach (var packet in odd)
        {
            Assert.Equal(new(false, "from_vm", Reason.SpoofedAddress), _world.Send(packet));
            Assert.Equal(Outcome.Pass, _world.Send(packet with { Source = packet.IsV6 ? _world["web"].V6 : _world["web"].V4 }));
            Assert.Equal(new(false, "from_vm", Reason.SpoofedMac), _world.Hook("from_vm", _world["web"], (packet with { SourceMac = Shop.Router }).Bytes()));
        }
        var tagged = (WebToDb with { EtherType = 0x8100, SourceMac = Shop.Router }).Bytes();
        Assert.Equal(new(false, "from_vm", Reason.SpoofedMac), _world.Hook("from_vm", _world["web"], tagged));
    }

    [Fact]
    public void Arp_and_neighbour_discovery_that_cannot_be_read_claim_nothing_under_observe()
    {
        Apply(Asking);
        var (web, db) = (_world["web"], _world["db"]);
        Assert.Equal(new(false, "from_vm", Reason.SpoofedArp), _world.Hook("from_vm", web, Neighbour.Arp(web.Mac, db.V4, db.V4, operation: 2, hardware: 6)));
        var claim = Neighbour.Nd(136, web.Mac, web.V6, Address.Parse("ff02::1"), db.V6, Neighbour.LinkLayer(2, web.Mac));
        Assert.Equal(new(false, "from_vm", Reason.SpoofedNd), _world.Hook("from_vm", web, (claim with { MoreFragments = true }).Bytes()));
        var advertisement = Neighbour.Nd(134, web.Mac, web.LinkLocal, Address.Parse("ff02::1"), null) with { MoreFragments = true };
        Assert.Equal(new(false, "from_vm", Reason.RouterAdvertisement), _world.Hook("from_vm", web, advertisement.Bytes()));
        Assert.Equal(Outcome.Pass, _world.Hook("from_vm", web, Neighbour.Arp(web.Mac, web.V4, db.V4)));
    }

    [Fact]
    public void An_observed_policy_is_judged_beside_the_active_verdict()
    {
        Apply("mode: enforce", m => m.Replace("tier: tenant", "tier: tenant\n  enforcement: observe", StringComparison.Ordinal));
        // The default denies; the observed policy would allow.
        Assert.Equal(new(false, "from_vm", Reason.Observed), _world.Send(WebToDb with { SourcePort = 7003 }));
        var told = Assert.Single(_world.Events());
        Assert.Equal((EventType.Deny, Verdict.WouldAllow, "shop/app/web-db@1"), (told.Type, told.Verdict, _world.Rules[told.OutRule]));
        Assert.Equal(new(0, 1), _world.Kernel.Counters.RuleHits(told.OutRule));
        Assert.Equal(new(1, 0), _world.Kernel.Counters.RuleHits(AbiLimits.RuleIdDefault));
    }

    [Fact]
    public void A_would_deny_of_the_sender_reaches_the_one_event_of_the_receiver()
    {
        _world.Apply(Shop.Manifest.Replace("udp/80, udp/53", "udp/53", StringComparison.Ordinal) + "\n" + """
            ---
            apiVersion: merlon/v1
            kind: Policy
            metadata: {name: in, tenant: shop}
            spec:
              tier: tenant
              rules: [{name: anything, from: [any], to: [vm/db], appliesTo: [vm/db], services: [udp/80], action: allow}]
            ---
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: web, tenant: platform}
            spec: {priority: 10, action: guard, select: [vm/web], mode: observe}
            ---
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: rest, tenant: platform}
            spec: {priority: 20, action: guard, select: [any]}
            """);
        Assert.Equal(Outcome.Pass, _world.Send(WebToDb with { SourcePort = 7004 }));
        var told = Assert.Single(_world.Events());
        Assert.Equal((EventType.Open, Verdict.WouldDeny, "default", "shop/in/anything@1"),
            (told.Type, told.Verdict, _world.Rules[told.CandidateRule], _world.Rules[told.InRule]));
    }

    [Fact]
    public void A_direction_that_is_not_guarded_is_not_judged_and_its_replies_pass()
    {
        Apply("directions: [in]");
        var packet = WebToDb with { DestinationMac = Shop.Router, Destination = Shop.OutsideV4, DestinationPort = 9, SourcePort = 7005 };
        Assert.Equal(Outcome.Pass, _world.Send(packet));
        Assert.Equal(Outcome.Pass, _world.Send(packet.Back()));
        Assert.Equal(Outcome.Pass, _world.Send(packet with { Proto = Protocols.Tcp, Flags = Tcp.Ack }));
        Assert.Equal(new(false, "to_vm", Reason.Default), _world.Send(WebToDb with { DestinationPort = 9 }));
        // The source must be its own all the same.
        Assert.Equal(new(false, "from_vm", Reason.SpoofedAddress), _world.Send(packet with { Source = Address.Parse("10.0.0.7") }));
    }
}
