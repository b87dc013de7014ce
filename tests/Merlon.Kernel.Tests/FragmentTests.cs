using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class FragmentTests(Shop shop) : IClassFixture<Shop>
{
    private static int s_id = 100;
    private readonly int _id = Interlocked.Increment(ref s_id);

    private Packet First(bool v6, int data = 1472) => shop.WebToDb(v6) with { Id = _id, MoreFragments = true, Data = data, SourcePort = _id };

    private Packet Later(bool v6, int offset = 1480, bool more = false, int data = 520) =>
        shop.WebToDb(v6) with { Id = _id, FragmentOffset = offset, MoreFragments = more, Data = data };

    private static Outcome Dropped(Reason reason, string hook = "from_vm") => new(false, hook, reason);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Later_fragments_follow_an_allowed_first_one(bool v6)
    {
        Assert.Equal(Outcome.Pass, shop.Send(First(v6)));
        Assert.Equal(Outcome.Pass, shop.Send(Later(v6, 1480, more: true, data: 1480)));
        Assert.Equal(Outcome.Pass, shop.Send(Later(v6, 2960)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Later_fragments_count_on_the_connection_of_their_first(bool v6)
    {
        var header = v6 ? 48UL : 20UL;
        shop.Send(First(v6));
        shop.Send(Later(v6, 1480, more: true, data: 1480));
        shop.Send(Later(v6, 2960));
        var half = shop.Kernel.Connections.List().Single(e => e.SourcePort == _id);
        Assert.Equal((true, 3UL, 3 * header + 2960 + 520), (half.HalfOpen, half.PacketsOut, half.BytesOut));
        var reply = (shop.WebToDb(v6) with { SourcePort = _id }).Back() with { Id = _id, MoreFragments = true, Data = 1472 };
        shop.Send(reply);
        shop.Send(reply with { FragmentOffset = 1480, MoreFragments = false, Data = 100, Proto = v6 ? 0 : reply.Proto });
        var whole = shop.Kernel.Connections.List().Single(e => e.SourcePort == _id);
        Assert.Equal((false, 3UL, 2UL, 2 * header + 1580), (whole.HalfOpen, whole.PacketsOut, whole.PacketsBack, whole.BytesBack));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_fragment_without_its_first_is_dropped(bool v6)
    {
        Assert.Equal(Dropped(Reason.Fragment), shop.Send(Later(v6)));
        Assert.Equal(Dropped(Reason.Default), shop.Send(First(v6) with { DestinationPort = 81 }));
        Assert.Equal(Dropped(Reason.Fragment), shop.Send(Later(v6)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_first_fragment_opens_only_its_own_datagram(bool v6)
    {
        shop.Send(First(v6));
        Assert.Equal(Dropped(Reason.Fragment), shop.Send(Later(v6) with { Id = _id + 50000 & 0xffff }));
        Assert.Equal(Dropped(Reason.Fragment), shop.Send(Later(v6) with { Destination = v6 ? Shop.OutsideV6 : Shop.OutsideV4, DestinationMac = Shop.Router }));
        Assert.Equal(Dropped(Reason.Fragment), shop.Hook("from_vm", shop.Db, Later(v6).Back().Bytes()));
    }

    [Fact]
    public void The_hook_that_dropped_the_first_drops_the_rest()
    {
        // web's out is not asked (it is not web's tap), db's in refuses.
        var first = shop.OutsideToDb() with { Id = _id, MoreFragments = true, Data = 1472, DestinationPort = 9 };
        Assert.Equal(Dropped(Reason.Default, "to_vm"), shop.Send(first));
        Assert.Equal(Dropped(Reason.Fragment, "to_vm"), shop.Send(first with { FragmentOffset = 1480, MoreFragments = false }));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(1472)]
    public void A_fragment_that_reaches_back_over_the_first_is_dropped(int offset)
    {
        shop.Send(First(false));
        Assert.Equal(Dropped(Reason.Fragment), shop.Send(Later(false, offset)));
        Assert.Equal(Outcome.Pass, shop.Send(Later(false)));
    }

    // Extension headers behind the fragment header are part of what is reassembled.
    [Theory]
    [InlineData(8, 1464)]
    [InlineData(24, 0)]
    [InlineData(256, 8)]
    public void A_fragment_that_reaches_back_over_headers_of_the_first_is_dropped(int options, int data)
    {
        var padding = new byte[options];
        (padding[1], padding[2], padding[3]) = ((byte)(options / 8 - 1), 1, (byte)(options - 4));
        var first = shop.WebToDb(true) with { SourcePort = _id, Data = data, Extensions = [(44, [0, 0, 0, 1, .. Packet.Big32((uint)_id)]), (60, padding)] };
        Assert.Equal(Outcome.Pass, shop.Send(first));
        // The place of the UDP header, and the last eight bytes.
        Assert.Equal(Dropped(Reason.Fragment), shop.Send(Later(true, options)));
        Assert.Equal(Dropped(Reason.Fragment), shop.Send(Later(true, options + data)));
        Assert.Equal(Outcome.Pass, shop.Send(Later(true, options + 8 + data)));
    }

    [Fact]
    public void A_first_fragment_too_short_for_its_header_is_dropped()
    {
        Assert.Equal(Dropped(Reason.Truncated), shop.Send(First(false) with { Proto = Protocols.Tcp, Flags = Tcp.Syn, Body = [], LengthLie = -4 }));
        Assert.Equal(Dropped(Reason.Truncated), shop.Send(First(true) with { Proto = Protocols.Tcp, Flags = Tcp.Syn, Body = [], LengthLie = -4 }));
    }

    [Fact]
    public void Lengths_that_no_reassembly_can_use_are_malformed()
    {
        Assert.Equal(Dropped(Reason.Malformed), shop.Send(First(false, 1473)));
        Assert.Equal(Dropped(Reason.Malformed), shop.Send(Later(false, 65528, data: 200)));
        Assert.Equal(Dropped(Reason.Malformed), shop.Send(Later(true, 65528, data: 200)));
    }

    [Fact]
    public void An_atomic_ipv6_fragment_is_a_whole_packet()
    {
        var packet = shop.WebToDb(true) with { SourcePort = _id, Extensions = [(44, [0, 0, 0, 0, 0, 0, 0, 9])] };
        Assert.Equal(Outcome.Pass, shop.Send(packet));
        Assert.Equal(Dropped(Reason.ExtensionHeader), shop.Send(packet with { Extensions = [(44, [0, 0, 0, 0, 0, 0, 0, 9]), (44, [0, 0, 0, 0, 0, 0, 0, 9])] }));
    }

    [Fact]
    public void A_fragmented_reply_follows_its_connection()
    {
        var ask = shop.WebToDb() with { SourcePort = _id };
        shop.Send(ask);
        var reply = ask.Back() with { Id = _id, MoreFragments = true, Data = 1472 };
        Assert.Equal(Outcome.Pass, shop.Send(reply));
        Assert.Equal(Outcome.Pass, shop.Send(reply with { FragmentOffset = 1480, MoreFragments = false }));
    }
}
