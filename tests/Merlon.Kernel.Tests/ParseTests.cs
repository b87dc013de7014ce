using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class ParseTests(Shop shop) : IClassFixture<Shop>
{
    private Outcome FromWeb(byte[] frame) => shop.Hook("from_vm", shop.Web, frame);

    private static Outcome Dropped(Reason reason) => new(false, "from_vm", reason);

    public static TheoryData<int, bool> Protocol => new()
    {
        { Protocols.Tcp, false }, { Protocols.Tcp, true }, { Protocols.Udp, false }, { Protocols.Udp, true },
        { Protocols.Sctp, false }, { Protocols.Sctp, true }, { Protocols.Icmp, false }, { Protocols.Icmp6, true },
    };

    private Packet Allowed(int protocol, bool v6) => shop.WebToDb(v6) with
    {
        Proto = protocol, Flags = Tcp.Syn, Scale = 7, IcmpType = v6 ? 128 : 8, SourcePort = 500, Data = 4,
    };

    [Theory]
    [MemberData(nameof(Protocol))]
    public void A_frame_cut_anywhere_is_dropped_as_truncated(int protocol, bool v6)
    {
        var whole = Allowed(protocol, v6).Bytes();
        Assert.Equal(Outcome.Pass, FromWeb(whole));
        // A test run refuses IP frames without a whole IP header.
        for (var length = v6 ? 54 : 34; length < whole.Length; length++) Assert.Equal((length, Dropped(Reason.Truncated)), (length, FromWeb(whole[..length])));
    }

    [Theory]
    [MemberData(nameof(Protocol))]
    public void An_ip_packet_that_says_it_ends_inside_its_transport_header_is_dropped(int protocol, bool v6)
    {
        var packet = Allowed(protocol, v6);
        var header = packet.Transport().Length - 4;
        for (var cut = 5; cut <= header + 4; cut++)
        {
            var outcome = FromWeb((packet with { LengthLie = -cut }).Bytes());
            Assert.True(outcome == Dropped(Reason.Truncated) || outcome == Dropped(Reason.Malformed), $"cut {cut}: {outcome}");
        }
    }

    [Theory]
    [MemberData(nameof(Protocol))]
    public void Padding_behind_the_packet_is_nobodys_data(int protocol, bool v6) =>
        Assert.Equal(Outcome.Pass, FromWeb([.. Allowed(protocol, v6).Bytes(), .. new byte[30]]));

    [Theory]
    [InlineData(0x0806 - 1, Reason.Ethertype)]
    [InlineData(0x88cc, Reason.Ethertype)]
    [InlineData(0x8847, Reason.Ethertype)]
    [InlineData(0x0026, Reason.Ethertype)]
    [InlineData(0x8100, Reason.VlanTag)]
    [InlineData(0x88a8, Reason.VlanTag)]
    public void Frames_that_are_not_ip_are_dropped(int type, Reason reason) =>
        Assert.Equal(Dropped(reason), FromWeb((shop.WebToDb() with { EtherType = type, Data = 40 }).Bytes()));

    [Theory]
    [InlineData(0x55, Reason.Malformed)]    // version 5
    [InlineData(0x65, Reason.Malformed)]    // IPv6 under the IPv4 type
    [InlineData(0x44, Reason.Malformed)]    // header shorter than a header
    [InlineData(0x4f, Reason.Malformed)]    // header longer than the packet
    public void The_first_byte_of_ipv4_must_make_sense(int value, Reason reason)
    {
        var frame = (shop.WebToDb() with { Data = 4 }).Bytes();
        frame[14] = (byte)value;
        Assert.Equal(Dropped(reason), FromWeb(frame));
    }

    // Like IPv6's type 0 routing header: the packet ends up elsewhere than where it was judged to go.
    [Theory]
    [InlineData(131)]
    [InlineData(137)]
    public void An_ipv4_source_route_is_dropped(int kind)
    {
        byte[] route = [(byte)kind, 7, 4, 10, 0, 0, 9];
        foreach (var options in (byte[][])[[.. route, 0], [1, .. route], [148, 4, 0, 0, 1, .. route], [.. new byte[29].Select(_ => (byte)1), .. route, 0, 0, 0, 0], [1, (byte)kind, 3, 4]])
        {
            var packet = shop.WebToDb() with { SourcePort = 502, Options = options };
            Assert.Equal(Dropped(Reason.ExtensionHeader), FromWeb(packet.Bytes()));
            Assert.Equal(Dropped(Reason.ExtensionHeader), FromWeb((packet with { FragmentOffset = 1480, Data = 40 }).Bytes()));
        }
        // Behind the end of the options it is nobody's.
        Assert.Equal(Outcome.Pass, FromWeb((shop.WebToDb() with { SourcePort = 502, Options = [0, .. route] }).Bytes()));
        Assert.Equal(Outcome.Pass, FromWeb((shop.WebToDb() with { SourcePort = 502, Options = [148, 4, (byte)kind, (byte)kind] }).Bytes()));
    }

    [Fact]
    public void Ipv4_options_are_stepped_over()
    {
        for (var words = 1; words <= 10; words++)
            Assert.Equal(Outcome.Pass, FromWeb((shop.WebToDb() with { SourcePort = 501, Options = [.. Enumerable.Repeat((byte)1, words * 4)] }).Bytes()));
        Assert.Equal(Dropped(Reason.Default), FromWeb((shop.WebToDb() with { DestinationPort = 9, Options = new byte[40] }).Bytes()));
    }

    [Fact]
    public void A_length_of_zero_is_a_lie()
    {
        var frame = (shop.WebToDb() with { Data = 4 }).Bytes();
        frame[16] = frame[17] = 0;
        Assert.Equal(Dropped(Reason.Malformed), FromWeb(frame));
        var frame6 = (shop.WebToDb(true) with { Data = 4 }).Bytes();
        frame6[18] = frame6[19] = 0;
        Assert.Equal(Dropped(Reason.Truncated), FromWeb(frame6));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(0)]
    [InlineData(15)]
    public void A_tcp_header_must_be_as_long_as_it_says(int words)
    {
        var frame = Allowed(Protocols.Tcp, false).Bytes();
        frame[14 + 20 + 12] = (byte)(words << 4);
        Assert.False(FromWeb(frame).Passed);
    }

    [Fact]
    public void Hostile_tcp_options_end_nowhere()
    {
        for (var kind = 0; kind < 256; kind += 3)
            for (var length = 0; length < 256; length += 5)
            {
                var frame = (Allowed(Protocols.Tcp, false) with { SourcePort = 502 }).Bytes();
                (frame[54], frame[55], frame[56], frame[57]) = ((byte)kind, (byte)length, 3, 3);
                Assert.Equal(Outcome.Pass, FromWeb(frame));
            }
    }

    [Fact]
    public void Extension_headers_are_walked_to_the_transport_header()
    {
        (int, byte[])[] known = [(0, Pad(8)), (60, Pad(16)), (43, [0, 0, 4, 0, 0, 0, 0, 0]), (60, Pad(8))];
        var packet = shop.WebToDb(true) with { SourcePort = 503, Extensions = known };
        Assert.Equal(Outcome.Pass, FromWeb(packet.Bytes()));
        Assert.Equal(Dropped(Reason.Default), FromWeb((packet with { DestinationPort = 9 }).Bytes()));
        var whole = packet.Bytes();
        for (var length = 54; length < whole.Length; length++) Assert.Equal(Dropped(Reason.Truncated), FromWeb(whole[..length]));
    }

    [Fact]
    public void Extension_headers_that_are_unknown_misplaced_or_too_many_are_dropped()
    {
        var packet = shop.WebToDb(true) with { SourcePort = 504, Data = 40 };
        foreach (var kind in (int[])[51, 135, 139, 140, 253, 254])
            Assert.Equal(Dropped(Reason.ExtensionHeader), FromWeb((packet with { Extensions = [(kind, Pad(8))] }).Bytes()));
        Assert.Equal(Dropped(Reason.ExtensionHeader), FromWeb((packet with { Extensions = [(60, Pad(8)), (0, Pad(8))] }).Bytes()));
        Assert.Equal(Dropped(Reason.ExtensionHeader), FromWeb((packet with { Extensions = [(43, new byte[8])] }).Bytes()));
        Assert.Equal(Outcome.Pass, FromWeb((packet with { Extensions = [.. Enumerable.Repeat((60, Pad(8)), 8)] }).Bytes()));
        Assert.Equal(Dropped(Reason.ExtensionHeader), FromWeb((packet with { Extensions = [.. Enumerable.Repeat((60, Pad(8)), 9)] }).Bytes()));
        Assert.Equal(Dropped(Reason.Truncated), FromWeb((packet with { Extensions = [(60, [0, 255, 1, 4, 0, 0, 0, 0])] }).Bytes()));
    }

    private static byte[] Pad(int size) => [0, (byte)(size / 8 - 1), 1, (byte)(size - 4), .. new byte[size - 4]];
}
