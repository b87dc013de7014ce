using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class ExpiryTests : IDisposable
{
    private readonly Shop _shop = new();

    public void Dispose() => _shop.Dispose();

    private int Expire() => _shop.Kernel.Connections.RemoveVnic(_shop.Web.Record.Vnic);

    [Fact]
    public void The_timer_tells_an_ended_connection_with_its_totals_and_gives_the_budget_back()
    {
        var talk = new Talk(_shop, _shop.WebToOutside(), 4001).Open();
        for (var i = 0; i < 10; i++) talk.Client(Tcp.Ack, 100);
        for (var i = 0; i < 4; i++) talk.Server(Tcp.Ack, 1000);
        _shop.Events();
        Assert.Equal(1, Expire());
        _shop.WaitForTimer();
        var told = Assert.Single(_shop.Events());
        Assert.Equal((EventType.Close, Reason.PortRemoved, ConnState.Established, Verdict.Allow), (told.Type, told.Reason, told.EndState, told.Verdict));
        Assert.Equal((12UL, 5UL, 12UL * 40 + 1000, 5UL * 40 + 4000), (told.Packets[0], told.Packets[1], told.Bytes[0], told.Bytes[1]));
        Assert.Equal((_shop.Web.V4, Shop.OutsideV4, 4001, 443), (told.Source.ToAddress(), told.Destination.ToAddress(), told.SourcePort, told.DestinationPort));
        Assert.Equal((_shop.Web.Record.Vnic, 0U, "shop/app/web-out@1", 0U), (told.SourceVnic, told.DestinationVnic, _shop.Rules[told.OutRule], told.InRule));
        Assert.True(told.CreatedNs < told.TimeNs);
        var budget = _shop.Kernel.Budgets.Get(_shop.Web.Record.Vm);
        Assert.Equal((0U, 0U), (budget.Connections, budget.HalfOpen));
    }

    [Fact]
    public void Every_open_event_has_one_close_event_and_the_tables_return_to_empty()
    {
        _shop.Events();
        for (var i = 0; i < 300; i++)
        {
            _shop.Send(_shop.WebToOutside(i % 2 == 0) with { SourcePort = 6000 + i });
            if (i % 3 == 0) _shop.Send((_shop.WebToOutside(i % 2 == 0) with { SourcePort = 6000 + i }).Back());
        }
        Expire();
        _shop.WaitForTimer(8);
        var events = _shop.Events();
        Assert.Equal(300, events.Count(e => e.Type == EventType.Open));
        var closed = events.Where(e => e.Type == EventType.Close).ToArray();
        Assert.Equal(300, closed.Select(e => (e.SourcePort, e.Source.ToAddress())).Distinct().Count());
        Assert.Equal((300, 400UL), (closed.Length, closed.Aggregate(0UL, (n, e) => n + e.Packets[0] + e.Packets[1])));
        Assert.Empty(_shop.Kernel.Connections.List());
        Assert.Equal(300UL, _shop.Kernel.Counters[Counter.ConnExpired]);
        // Deleted, not only dead: the table takes as many again.
        for (var i = 0; i < 1000; i++) Assert.Equal(Outcome.Pass, _shop.Send(_shop.WebToOutside() with { SourcePort = 8000 + i }));
    }

    /// <summary>More than a slice, and three times more than the queue holds: nothing keeps its turn without an entry.</summary>
    [Fact]
    public void The_table_can_be_filled_again_and_again()
    {
        for (var round = 1; round <= 4; round++)
        {
            for (var i = 0; i < 900; i++) Assert.True(_shop.Flood("from_vm", _shop.Web, (_shop.WebToOutside() with { SourcePort = 10_000 + i }).Bytes()));
            Expire();
            for (var wait = 0; _shop.Kernel.Counters[Counter.ConnExpired] < 900UL * (ulong)round && wait < 400; wait++) Thread.Sleep(25);
            Assert.Equal(900UL * (ulong)round, _shop.Kernel.Counters[Counter.ConnExpired]);
            _shop.WaitForTimer();
            Assert.Empty(_shop.Kernel.Connections.List());
        }
    }

    [Fact]
    public void A_packet_over_an_expired_entry_buries_it_and_opens_anew()
    {
        var packet = _shop.WebToOutside() with { SourcePort = 4002 };
        for (var i = 0; i < 50; i++)
        {
            _shop.Send(packet);
            Expire();
        }
        _shop.WaitForTimer(6);
        var events = _shop.Events();
        Assert.Equal((50, 50), (events.Count(e => e.Type == EventType.Open), events.Count(e => e.Type == EventType.Close)));
        Assert.All(events.Where(e => e.Type == EventType.Close), e => Assert.Equal(1UL, e.Packets[0]));
        Assert.Equal(0U, _shop.Kernel.Budgets.Get(_shop.Web.Record.Vm).HalfOpen);
    }

    [Fact]
    public void A_reply_to_an_expired_entry_is_nobodys_reply()
    {
        var packet = _shop.WebToOutside() with { SourcePort = 4003 };
        _shop.Send(packet);
        Expire();
        Assert.Equal(new(false, "to_vm", Reason.Default), _shop.Send(packet.Back()));
    }

    [Fact]
    public void A_reset_connection_is_told_after_five_seconds()
    {
        var talk = new Talk(_shop, _shop.WebToOutside(), 4004).Open();
        talk.Server(Tcp.Rst);
        _shop.Events();
        Thread.Sleep(4000);
        Assert.Empty(_shop.Events());
        Thread.Sleep(2000);
        Assert.Equal(ConnState.Reset, Assert.Single(_shop.Events(), e => e.Type == EventType.Close).EndState);
    }
}
