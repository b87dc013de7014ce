using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class IcmpTests(Shop shop) : IClassFixture<Shop>
{
    private static int s_port = 35000;
    private readonly int _port = Interlocked.Add(ref s_port, 4);

    private static Packet Echo(Packet packet, bool reply = false) => packet with
    {
        Proto = packet.IsV6 ? Protocols.Icmp6 : Protocols.Icmp,
        IcmpType = (packet.IsV6, reply) switch { (true, true) => 129, (true, false) => 128, (false, true) => 0, _ => 8 },
    };

    // The answer to an echo keeps its id.
    private static Packet Reply(Packet echo) => Echo(echo.Back() with { SourcePort = echo.SourcePort }, reply: true);

    private static Packet Error(Packet about, int type4 = 3, int type6 = 1) => about.Back() with
    {
        Proto = about.IsV6 ? Protocols.Icmp6 : Protocols.Icmp, IcmpType = about.IsV6 ? type6 : type4, SourcePort = 0,
        Body = about.Ip()[..Math.Min(about.Ip().Length, 60)],
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_echo_request_opens_and_its_reply_passes(bool v6)
    {
        var echo = Echo(shop.WebToDb(v6) with { SourcePort = _port });
        Assert.Equal(Outcome.Pass, shop.Send(echo));
        Assert.Equal(Outcome.Pass, shop.Send(Reply(echo)));
        Assert.Equal(Outcome.Pass, shop.Send(echo));
        var entry = Assert.Single(shop.Kernel.Connections.List(), e => e.SourcePort == _port);
        Assert.Equal((ConnState.Established, 2UL, 1UL), (entry.State, entry.PacketsOut, entry.PacketsBack));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_reply_nobody_asked_for_is_dropped(bool v6) =>
        Assert.Equal(new(false, "from_vm", Reason.IcmpNoConnection), shop.Send(Reply(Echo(shop.WebToDb(v6) with { SourcePort = _port }))));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_echo_that_no_rule_allows_is_dropped(bool v6) =>
        Assert.Equal(new(false, "from_vm", Reason.Default), shop.Send(Echo(shop.WebToDb(v6).Back() with { SourcePort = _port })));

    // Both ends may use one id (a guest's process number): a live session must not carry the other end's requests.
    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    public void A_request_from_the_end_that_answers_is_judged_for_itself(bool v6, int above)
    {
        var echo = Echo(shop.WebToDb(v6) with { SourcePort = _port });
        Assert.Equal(Outcome.Pass, shop.Send(echo));
        Assert.Equal(Outcome.Pass, shop.Send(Reply(echo)));
        Assert.Equal(new(false, "from_vm", Reason.Default), shop.Send(Echo(echo.Back() with { SourcePort = _port + above })));
        Assert.Equal(Outcome.Pass, shop.Send(Reply(echo)));
    }

    [Theory]
    [InlineData(false, 3, 1)]
    [InlineData(false, 11, 0)]
    [InlineData(false, 12, 0)]
    [InlineData(true, 0, 1)]
    [InlineData(true, 0, 2)]
    [InlineData(true, 0, 3)]
    [InlineData(true, 0, 4)]
    public void An_error_that_quotes_a_live_connection_passes_and_counts_nowhere(bool v6, int type4, int type6)
    {
        var packet = shop.WebToDb(v6) with { SourcePort = _port, Data = 30 };
        shop.Send(packet);
        Assert.Equal(Outcome.Pass, shop.Send(Error(packet, type4, type6)));
        var entry = Assert.Single(shop.Kernel.Connections.List(), e => e.SourcePort == _port);
        Assert.Equal((1UL, 0UL, true), (entry.PacketsOut, entry.PacketsBack, entry.HalfOpen));
    }

    [Fact]
    public void An_error_from_a_router_on_the_way_passes()
    {
        var packet = shop.WebToOutside() with { SourcePort = _port };
        shop.Send(packet);
        Assert.Equal(Outcome.Pass, shop.Send(Error(packet, 11) with { Source = Address.Parse("203.0.113.1") }));
    }

    [Fact]
    public void An_error_that_quotes_nothing_live_is_dropped()
    {
        var packet = shop.WebToOutside() with { SourcePort = _port };
        Assert.Equal(new(false, "to_vm", Reason.IcmpUnrelated), shop.Send(Error(packet)));
        shop.Send(packet);
        // The right connection, in the wrong direction: quoted is what web never sent.
        Assert.Equal(new(false, "to_vm", Reason.IcmpUnrelated), shop.Send(Error(packet) with { Body = packet.Back().Ip() }));
        // Sent to somebody else than the one whose packet it quotes.
        Assert.Equal(new(false, "to_vm", Reason.IcmpUnrelated), shop.Send(Error(packet) with { Destination = shop.Db.V4, DestinationMac = shop.Db.Mac }));
        Assert.Equal(new(false, "to_vm", Reason.IcmpUnrelated), shop.Send(Error(packet) with { Body = packet.Ip()[..27] }));
        Assert.Equal(new(false, "to_vm", Reason.IcmpUnrelated), shop.Send(Error(packet) with { Body = [] }));
        Assert.Equal(Outcome.Pass, shop.Send(Error(packet) with { Body = packet.Ip()[..28] }));
    }

    // Who knows the ends of a neighbour's connection could shrink or end it.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_error_of_a_vm_about_a_connection_that_is_not_its_own_is_dropped(bool v6)
    {
        var packet = shop.OutsideToDb(v6) with { SourcePort = _port };
        Assert.Equal(Outcome.Pass, shop.Send(packet));
        Assert.Equal(Outcome.Pass, shop.Send(packet.Back()));
        var forged = Error(packet.Back()) with { Source = v6 ? shop.Web.V6 : shop.Web.V4, SourceMac = shop.Web.Mac, DestinationMac = shop.Db.Mac };
        Assert.Equal(new(false, "from_vm", Reason.IcmpUnrelated), shop.Send(forged));
        // The end itself may, and so may the world outside.
        Assert.Equal(Outcome.Pass, shop.Send(Error(packet)));
        Assert.Equal(Outcome.Pass, shop.Send(Error(packet.Back())));
    }

    [Fact]
    public void A_vm_that_routes_may_err_about_what_it_forwards()
    {
        // Guarded in one direction only, it was never asked about what comes in.
        using var world = new World(Shop.Manifest + "\n" + """
            ---
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: all, tenant: platform}
            spec: {priority: 10, action: guard, select: [any], directions: [out]}
            """);
        var packet = new Packet(world["web"].V4, Shop.OutsideV4) { SourceMac = world["web"].Mac, DestinationMac = world["db"].Mac, DestinationPort = 443, SourcePort = _port };
        Assert.Equal(Outcome.Pass, world.Send(packet));
        Assert.Equal(Outcome.Pass, world.Send(Error(packet, 11) with { Source = world["db"].V4 }));
    }

    [Fact]
    public void A_group_mac_is_no_way_around_for_an_error()
    {
        using var world = new World(Shop.Manifest.Replace("service/ping, proto/47", "icmp", StringComparison.Ordinal));
        var error = Error(shop.OutsideToDb() with { SourcePort = _port }) with
        {
            Source = world["web"].V4, Destination = world["db"].V4, SourceMac = world["web"].Mac, DestinationMac = new(0xffffffffffff),
        };
        Assert.Equal(new(false, "from_vm", Reason.IcmpUnrelated), world.Hook("from_vm", world["web"], error.Bytes()));
        Assert.Equal(new(false, "to_vm", Reason.IcmpUnrelated), world.Hook("to_vm", world["db"], error.Bytes()));
    }

    // A rule may name the code: a session of one code must not carry another's.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_echo_of_another_code_is_judged_for_itself(bool v6)
    {
        using var world = new World(Shop.Manifest.Replace("service/ping, proto/47", "icmp/8/0, icmp6/128/0", StringComparison.Ordinal));
        var echo = Echo(shop.WebToDb(v6) with { SourcePort = _port });
        Assert.Equal(Outcome.Pass, world.Send(echo));
        Assert.Equal(Outcome.Pass, world.Send(Reply(echo)));
        Assert.Equal(new(false, "from_vm", Reason.Default), world.Send(echo with { IcmpCode = 1 }));
        Assert.Equal(new(false, "from_vm", Reason.Default), world.Send(Reply(echo) with { IcmpCode = 1 }));
        Assert.Equal(Outcome.Pass, world.Send(Reply(echo)));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1000, true)]
    [InlineData(1, false)]
    [InlineData(100000, false)]
    [InlineData(-100000, false)]
    public void A_quoted_segment_must_have_been_sent_lately(int offset, bool passes)
    {
        var talk = new Talk(shop, shop.WebToDb(), _port).Open();
        talk.Client(Tcp.Ack, 2000);
        var quoted = shop.WebToDb() with { Proto = Protocols.Tcp, SourcePort = _port, Flags = Tcp.Ack, Seq = talk.ClientSeq + (uint)offset };
        Assert.Equal(passes ? Outcome.Pass : new(false, "from_vm", Reason.IcmpUnrelated), shop.Send(Error(quoted)));
    }

    [Fact]
    public void An_error_about_an_echo_passes()
    {
        var echo = Echo(shop.WebToDb() with { SourcePort = _port, Data = 20 });
        shop.Send(echo);
        Assert.Equal(Outcome.Pass, shop.Send(Error(echo)));
    }

    [Fact]
    public void A_redirect_from_a_vm_is_dropped()
    {
        var packet = shop.OutsideToDb() with { SourcePort = _port };
        shop.Send(packet);
        Assert.Equal(new(false, "from_vm", Reason.RouterAdvertisement), shop.Send(Error(packet, 5)));
    }

    [Fact]
    public void Other_icmp_is_judged_packet_by_packet()
    {
        var packet = shop.WebToOutside() with { Proto = Protocols.Icmp, IcmpType = 13, SourcePort = _port };
        Assert.Equal(new(false, "from_vm", Reason.Default), shop.Send(packet));
        Assert.DoesNotContain(shop.Kernel.Connections.List(), e => e.SourcePort == _port);
    }

    [Fact]
    public void The_other_family_s_icmp_is_malformed()
    {
        Assert.Equal(new(false, "from_vm", Reason.Malformed), shop.Send(shop.WebToDb() with { Proto = Protocols.Icmp6, IcmpType = 128 }));
        Assert.Equal(new(false, "from_vm", Reason.Malformed), shop.Send(shop.WebToDb(true) with { Proto = Protocols.Icmp, IcmpType = 8 }));
    }
}
