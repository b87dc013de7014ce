using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class TcpWindowTests(Shop shop) : IClassFixture<Shop>
{
    private static int s_port = 25000;

    private Talk Open(int window = 64000, int? scale = null) =>
        new Talk(shop, shop.WebToDb() with { DestinationPort = 80 }, Interlocked.Increment(ref s_port)).Open(window, scale);

    private static readonly Outcome OutOfWindow = new(false, "to_vm", Reason.TcpOutOfWindow);

    [Theory]
    [InlineData(0, 1000, true)]         // next in order
    [InlineData(63000, 1000, true)]     // at the end of the offered window
    [InlineData(64000, 0, true)]        // just behind it: a zero-length probe
    [InlineData(64001, 0, false)]
    [InlineData(100000, 1, false)]
    [InlineData(0x7fffffff, 1, false)]
    [InlineData(-1, 0, true)]           // keepalive without data
    [InlineData(-1, 1, true)]           // keepalive with one byte
    [InlineData(-1000, 1000, true)]     // retransmission of acknowledged data
    [InlineData(-64000, 0, true)]
    [InlineData(-64002, 0, false)]
    [InlineData(-200000, 100, false)]
    public void A_segment_must_lie_in_the_window(int offset, int data, bool passes)
    {
        var talk = Open();
        Assert.Equal(passes ? Outcome.Pass : OutOfWindow, talk.Client(Tcp.Ack, data, seq: talk.ClientSeq + (uint)offset));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 100));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, true)]              // a late duplicate
    [InlineData(-60000, true)]
    [InlineData(-66002, false)]
    [InlineData(1, false)]              // acknowledges what was never sent
    [InlineData(100000, false)]
    [InlineData(0x70000000, false)]
    public void An_acknowledgement_must_be_of_something_sent(int offset, bool passes)
    {
        var talk = Open();
        Assert.Equal(passes ? Outcome.Pass : OutOfWindow, talk.Server(Tcp.Ack, ack: talk.ClientSeq + (uint)offset));
    }

    [Fact]
    public void Windows_scale_when_both_offered()
    {
        var talk = Open(1000, 7);
        // The SYN's 1000 is unscaled, the last ACK's is 128000.
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 1000, seq: talk.ServerSeq + 120000));
        Assert.Equal(OutOfWindow, talk.Server(Tcp.Ack, 10, seq: talk.ServerSeq + 140000));
    }

    [Fact]
    public void Windows_do_not_scale_when_one_side_did_not_offer()
    {
        var talk = new Talk(shop, shop.WebToDb(), Interlocked.Increment(ref s_port));
        talk.Client(Tcp.Syn, window: 1000, scale: 7);
        talk.Server(Tcp.SynAck, window: 1000);
        talk.Client(Tcp.Ack, window: 1000);
        Assert.Equal(OutOfWindow, talk.Server(Tcp.Ack, 10, seq: talk.ServerSeq + 2000));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 10, seq: talk.ServerSeq + 990));
    }

    [Fact]
    public void A_closed_window_is_probed_with_one_byte()
    {
        var talk = Open(3000);
        talk.Client(Tcp.Ack, 3000);
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, window: 0));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 1, seq: talk.ClientSeq));
        Assert.Equal(OutOfWindow, talk.Client(Tcp.Ack, 1000, seq: talk.ClientSeq + 2));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, window: 3000));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 1000));
    }

    [Fact]
    public void Sequence_numbers_wrap()
    {
        var talk = new Talk(shop, shop.WebToDb(), Interlocked.Increment(ref s_port)) { ClientSeq = 0xfffff000, ServerSeq = 0xffffff00 };
        talk.Open();
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 1400));
            Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 700));
        }
    }

    [Fact]
    public void A_lost_acknowledgement_stalls_nobody()
    {
        var talk = Open();
        for (var i = 0; i < 40; i++) Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 1500));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack));
        for (var i = 0; i < 40; i++) Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 1500));
        // Everything since is sent again.
        for (var i = 40; i > 0; i--) Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 1500, seq: talk.ClientSeq - (uint)(i * 1500)));
    }

    [Fact]
    public void A_long_segment_is_one_step_of_its_whole_length()
    {
        var talk = Open();
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 3400));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack));
        Assert.Equal(3440UL + 80, talk.Entry().BytesOut);
    }

    [Fact]
    public void Dropped_segments_change_nothing()
    {
        var talk = Open();
        var before = talk.Entry();
        Assert.Equal(OutOfWindow, talk.Client(Tcp.FinAck, 10, seq: talk.ClientSeq + 1_000_000));
        Assert.Equal(OutOfWindow, talk.Server(Tcp.Ack, 10, ack: talk.ClientSeq + 1_000_000));
        var after = talk.Entry();
        Assert.Equal((before.State, before.PacketsOut, before.PacketsBack, before.Flags), (after.State, after.PacketsOut, after.PacketsBack, after.Flags));
    }

    [Fact]
    public void A_fragmented_segment_makes_its_connection_liberal()
    {
        var talk = Open();
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 1004, change: p => p with { MoreFragments = true }));
        // The rest of that segment was not seen: the acknowledgement is beyond what the program counted.
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, ack: talk.ClientSeq + 2000));
    }
}
