using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class ParseTests(Shop shop) : IClassFixture<Shop>
{
    private Outcome FromWeb(byte[] frame) => shop.Hook("from_vm", shop.Web, frame);

    private static Outcome Dropped(Reason reason) => new(false, "from_vm", reason);

    [Fact]
    public void Ipv4_options_are_stepped_over()
    {
        for (var words = 1; words <= 10; words++)
            Assert.Equal(Outcome.Pass, FromWeb((shop.WebToDb() with { SourcePort = 501, Options = [.. Enumerable.Repeat((byte)1, words * 4)] }).Bytes()));
        Assert.Equal(Dropped(Reason.Default), FromWeb((shop.WebToDb() with { DestinationPort = 9, Options = new byte[40] }).Bytes()));
    }

    [Fact]
    public void Hostile_tcp_options_end_nowhere()
    {
        for (var kind = 0; kind < 256; kind += 3)
            for (var length = 0; length < 256; length += 5)
            {
                var frame = (shop.WebToDb() with { Proto = Protocols.Tcp, Flags = Tcp.Syn, Scale = 7, SourcePort = 502 }).Bytes();
                (frame[54], frame[55], frame[56], frame[57]) = ((byte)kind, (byte)length, 3, 3);
                Assert.Equal(Outcome.Pass, FromWeb(frame));
            }
    }
}
