using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Packets;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>Every close event says how its connection ended. Silence (30 s and more) is a row of the hosts suite.</summary>
public sealed class CloseReasonTests : IDisposable
{
    private readonly Shop _shop = new();

    public void Dispose() => _shop.Dispose();

    private Talk New(int port) => new(_shop, _shop.WebToDb(), port);

    private MerlonEvent Closed() => Assert.Single(_shop.Events(), e => e.Type == EventType.Close);

    [Fact]
    public void Both_fins_make_it_finished()
    {
        var talk = New(5001).Open();
        talk.Client(Tcp.FinAck);
        talk.Server(Tcp.FinAck);
        talk.Client(Tcp.Ack);
        New(5001).Client(Tcp.Syn, seq: 5_000_000);
        var closed = Closed();
        Assert.Equal((Reason.Finished, ConnState.Closed, 4UL, 2UL), (closed.Reason, closed.EndState, closed.Packets[0], closed.Packets[1]));
    }

    [Fact]
    public void A_believed_reset_makes_it_reset()
    {
        New(5002).Open().Server(Tcp.Rst);
        New(5002).Client(Tcp.Syn, seq: 5_000_000);
        Assert.Equal((Reason.Reset, ConnState.Reset), (Closed().Reason, ConnState.Reset));
    }

    [Fact]
    public void A_connection_that_lost_to_a_newer_one_is_replaced()
    {
        New(5003).Open();
        var newer = New(5003);
        newer.ClientSeq = 5_000_000;
        Assert.Equal(Outcome.Pass, newer.Client(Tcp.Syn));
        Assert.DoesNotContain(_shop.Events(), e => e.Type == EventType.Close);
        Assert.Equal(Outcome.Pass, newer.Server(Tcp.SynAck));
        Assert.Equal((Reason.Replaced, ConnState.Established), Closed() is var closed ? (closed.Reason, closed.EndState) : default);
    }

    [Fact]
    public void A_refused_connection_has_thirty_seconds_unless_its_rule_comes_back()
    {
        var talk = New(5004).Open();
        _shop.Apply(Shop.Manifest.Replace("tcp/80, ", "", StringComparison.Ordinal));
        Assert.True(talk.Entry().Remaining > TimeSpan.FromHours(1));
        for (var i = 0; i < 3; i++) Assert.Equal(Reason.Revoked, talk.Client(Tcp.Ack, 10).Reason);
        var cut = talk.Entry();
        Assert.InRange(cut.Remaining.TotalSeconds, 20, 30);
        Assert.True(cut.Flags.HasFlag(ConnFlags.Revoked));
        Thread.Sleep(1100);
        talk.Server(Tcp.Ack, 10);
        Assert.InRange(talk.Entry().Remaining.TotalSeconds, 19, 29);
        _shop.Apply(Shop.Manifest);
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 10));
        Assert.True(talk.Entry().Remaining > TimeSpan.FromHours(1));
        Assert.False(talk.Entry().Flags.HasFlag(ConnFlags.Revoked));
    }

    [Fact]
    public void A_revoked_connection_says_so_in_the_end()
    {
        var talk = New(5005).Open();
        _shop.Apply(Shop.Manifest.Replace("tcp/80, ", "", StringComparison.Ordinal));
        talk.Client(Tcp.Ack, 10);
        Assert.InRange(talk.Entry().Remaining.TotalSeconds, 20, 30);
        using (var entries = new EntryMaps(_shop.Folder)) entries.Pass(TimeSpan.FromSeconds(30));
        _shop.WaitForTimer();
        var closed = Closed();
        Assert.Equal((Reason.Revoked, ConnState.Established, 2UL), (closed.Reason, closed.EndState, closed.Packets[0]));
    }
}
