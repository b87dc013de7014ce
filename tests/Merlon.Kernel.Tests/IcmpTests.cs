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
        Proto = about.IsV6 ? Protocols.Icmp6 : Protocols.Icmp,
        IcmpType = about.IsV6 ? type6 : type4,
        SourcePort = 0,
        Body = about.Ip()[..Math.Min(about.Ip().Length, 60)],
    };

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
}
