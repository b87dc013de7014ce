using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class TcpTests(Shop shop) : IClassFixture<Shop>
{
    private static int s_port = 20000;

    private Talk New(bool outside = false) => new(shop, (outside ? shop.WebToOutside() : shop.WebToDb()) with { DestinationPort = outside ? 443 : 80 }, Interlocked.Increment(ref s_port));

    private static Outcome Dropped(Reason reason, string hook = "to_vm") => new(false, hook, reason);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_handshake_promotes_the_connection(bool outside)
    {
        var talk = New(outside);
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Syn));
        Assert.Equal((ConnState.New, true), (talk.Entry().State, talk.Entry().HalfOpen));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.SynAck));
        Assert.Equal((ConnState.Replied, true), (talk.Entry().State, talk.Entry().HalfOpen));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack));
        Assert.Equal((ConnState.Established, false), (talk.Entry().State, talk.Entry().HalfOpen));
        Assert.Equal((2UL, 1UL), (talk.Entry().PacketsOut, talk.Entry().PacketsBack));
        Assert.InRange(talk.Entry().Remaining.TotalHours, 11.9, 12);
    }

    // Only the end that opened it can have a late copy of its SYN on the way.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_syn_of_the_answering_end_is_another_connection(bool closing)
    {
        var talk = New().Open();
        if (closing) Assert.Equal(Outcome.Pass, talk.Client(Tcp.FinAck));
        Assert.Equal(Dropped(Reason.Default, "from_vm"), talk.Server(Tcp.Syn, seq: talk.ServerSeq));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Syn, seq: 1000));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 10));
    }

    [Theory]
    [InlineData(Tcp.Ack)]
    [InlineData(Tcp.SynAck)]
    [InlineData(Tcp.FinAck)]
    [InlineData(Tcp.Rst)]
    [InlineData(Tcp.RstAck)]
    public void Only_a_syn_opens(Tcp flags)
    {
        var talk = New();
        Assert.Equal(Dropped(Reason.TcpNoConnection, "from_vm"), talk.Client(flags));
        Assert.Empty(talk.Entries());
    }

    [Theory]
    [InlineData(Tcp.None)]
    [InlineData(Tcp.Fin)]
    [InlineData(Tcp.Syn | Tcp.Fin)]
    [InlineData(Tcp.Syn | Tcp.Rst)]
    [InlineData(Tcp.Fin | Tcp.Rst | Tcp.Ack)]
    [InlineData(Tcp.Fin | Tcp.Psh | Tcp.Urg)]
    [InlineData(Tcp.Urg | Tcp.Psh)]
    public void Flag_sets_that_no_stack_sends_are_dropped(Tcp flags) =>
        Assert.Equal(Dropped(Reason.TcpInvalidFlags, "from_vm"), New().Client(flags));

    [Fact]
    public void Fins_of_both_sides_close_in_two_steps_and_shorten_the_timeout()
    {
        var talk = New().Open();
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.FinAck));
        Assert.Equal(ConnState.Closing, talk.Entry().State);
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 1000));
        Assert.Equal((ConnState.Closing, true), (talk.Entry().State, talk.Entry().Remaining.TotalSeconds is > 118 and <= 120));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.FinAck));
        Assert.Equal(ConnState.Closed, talk.Entry().State);
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack));
        Assert.InRange(talk.Entry().Remaining.TotalSeconds, 8, 10);
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.FinAck, seq: talk.ServerSeq - 1));
    }

    [Fact]
    public void The_exact_reset_ends_the_connection_but_deletes_nothing()
    {
        var talk = New().Open();
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Rst));
        Assert.Equal((ConnState.Reset, true), (talk.Entry().State, talk.Entry().Remaining.TotalSeconds is > 3 and <= 5));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 10));
        Assert.Equal(ConnState.Reset, talk.Entry().State);
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(500u)]
    [InlineData(63000u)]
    public void A_reset_that_is_only_in_the_window_passes_to_be_challenged_and_changes_nothing(uint ahead)
    {
        var talk = New().Open();
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Rst, seq: talk.ServerSeq + ahead));
        Assert.Equal(ConnState.Established, talk.Entry().State);
        // The receiver's challenge, and the sender's answer to it: the exact number it acknowledged.
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Rst));
        Assert.Equal(ConnState.Reset, talk.Entry().State);
    }

    [Theory]
    [InlineData(70000u)]
    [InlineData(0x40000000u)]
    [InlineData(0x80000000u)]
    [InlineData(0xfffe0000u)]
    public void A_reset_beside_the_window_is_dropped_and_changes_nothing(uint ahead)
    {
        var talk = New().Open();
        Assert.Equal(Dropped(Reason.TcpOutOfWindow), talk.Server(Tcp.Rst, seq: talk.ServerSeq + ahead));
        Assert.Equal(ConnState.Established, talk.Entry().State);
    }

    [Fact]
    public void A_refusal_must_acknowledge_the_syn()
    {
        var talk = New();
        talk.Client(Tcp.Syn);
        Assert.Equal(Dropped(Reason.TcpOutOfWindow), talk.Server(Tcp.RstAck, seq: 0, ack: talk.ClientSeq + 70000));
        Assert.Equal(Dropped(Reason.TcpOutOfWindow), talk.Server(Tcp.Rst, seq: 0));
        Assert.Equal(ConnState.New, talk.Entry().State);
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.RstAck, seq: 0));
        Assert.Equal(ConnState.Reset, talk.Entry().State);
    }

    [Fact]
    public void A_syn_on_a_reset_or_closed_entry_opens_it_anew()
    {
        var talk = New();
        talk.Client(Tcp.Syn);
        talk.Server(Tcp.RstAck, seq: 0);
        talk.ClientSeq = 500_000_000;
        talk.Open();
        Assert.Equal((ConnState.Established, 2UL), (talk.Entry().State, talk.Entry().PacketsOut));
        talk.Client(Tcp.FinAck);
        talk.Server(Tcp.FinAck);
        talk.Client(Tcp.Ack);
        talk.ClientSeq += 100000;
        talk.ServerSeq += 12345678;
        talk.Open();
        Assert.Equal((ConnState.Established, 2UL), (talk.Entry().State, talk.Entry().PacketsOut));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 1000));
    }

    [Fact]
    public void A_former_server_may_open_the_same_ends_only_if_its_own_rules_allow()
    {
        var talk = New().Open();
        talk.Server(Tcp.Rst);
        Assert.Equal(Dropped(Reason.Default, "from_vm"), talk.Server(Tcp.Syn, seq: 77));
    }

    [Fact]
    public void A_blind_syn_on_a_live_connection_changes_nothing_and_challenges_pass()
    {
        var talk = New().Open();
        talk.Client(Tcp.Ack, 1000);
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Syn, seq: talk.ClientSeq + 0x30000000));
        Assert.Equal(ConnState.Established, talk.Entries().Single(e => !e.HalfOpen).State);
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 1000));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 1000));
        Assert.Equal(ConnState.Established, talk.Entries().Single(e => !e.HalfOpen).State);
    }

    [Fact]
    public void Two_ends_that_forgot_a_connection_can_open_it_anew()
    {
        var talk = New().Open();
        talk.Client(Tcp.Ack, 3000);
        talk.ClientSeq += 0x40000000;
        talk.ServerSeq += 0x50000000;
        talk.Open();
        var entry = Assert.Single(talk.Entries(), e => !e.HalfOpen);
        Assert.Equal((ConnState.Established, 2UL, 1UL), (entry.State, entry.PacketsOut, entry.PacketsBack));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 1400));
    }

    [Fact]
    public void A_host_that_rebooted_is_challenged_resets_and_opens_anew()
    {
        var talk = New().Open();
        talk.Client(Tcp.Ack, 3000);
        var old = talk.ClientSeq;
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Syn, seq: old + 0x40000000));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, ack: old));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Rst, seq: old));
        talk.ClientSeq = old + 0x40000000;
        talk.ServerSeq += 0x1234567;
        talk.Open();
        Assert.Equal(ConnState.Established, talk.Entries().Single(e => !e.HalfOpen).State);
    }

    [Fact]
    public void Both_sides_may_open_at_once()
    {
        var talk = New();
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Syn));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Syn));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.SynAck, seq: talk.ClientSeq - 1));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.SynAck, seq: talk.ServerSeq - 1));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 100));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 100));
        Assert.Equal((ConnState.Established, false), (talk.Entry().State, talk.Entry().HalfOpen));
    }

    [Fact]
    public void Fast_open_data_travels_before_the_handshake_ends()
    {
        var talk = New();
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Syn, 1200));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.SynAck));
        for (var i = 0; i < 3; i++) Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 1400));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 500));
        Assert.Equal(ConnState.Established, talk.Entry().State);
    }

    [Fact]
    public void Retransmitted_handshake_segments_pass()
    {
        var talk = New();
        talk.Client(Tcp.Syn);
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Syn, seq: talk.ClientSeq - 1));
        talk.Server(Tcp.SynAck);
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.SynAck, seq: talk.ServerSeq - 1));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Syn, seq: talk.ClientSeq - 1));
        talk.Client(Tcp.Ack);
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.SynAck, seq: talk.ServerSeq - 1));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack));
        Assert.Equal((ConnState.Established, false), (talk.Entry().State, talk.Entry().HalfOpen));
    }

    [Fact]
    public void An_ack_before_the_syn_ack_is_no_handshake()
    {
        var talk = New();
        talk.Client(Tcp.Syn);
        Assert.Equal(Dropped(Reason.TcpInvalidState), talk.Client(Tcp.Ack, 10));
        Assert.Equal(Dropped(Reason.TcpInvalidState), talk.Client(Tcp.SynAck));
        Assert.Equal(ConnState.New, talk.Entry().State);
    }

    [Fact]
    public void Counts_are_those_of_the_guests()
    {
        var talk = New().Open();
        for (var i = 0; i < 10; i++) talk.Client(Tcp.Ack, 100);
        for (var i = 0; i < 7; i++) talk.Server(Tcp.Ack, 1000);
        var entry = talk.Entry();
        Assert.Equal((12UL, 8UL, 12UL * 40 + 1000, 8UL * 40 + 7000), (entry.PacketsOut, entry.PacketsBack, entry.BytesOut, entry.BytesBack));
    }
}
