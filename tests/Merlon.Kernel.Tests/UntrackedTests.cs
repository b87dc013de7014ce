using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.ShortCut;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>What passes without a connection, where a row of tests/cases/packets cannot show it: Guards and rules that change on the way, counters, events,
/// answers, observing, MACs that lie.</summary>
public sealed class UntrackedTests : IDisposable
{
    private const string Asks = "kind: Guard\nmetadata: {name: asks}\nspec: {priority: 1, action: guard, select: [vm/web], untracked: {asks: [tcp/80, tcp/22, tcp/443]}}\n";
    private const string Serves = "kind: Guard\nmetadata: {name: serves}\nspec: {priority: 1, action: guard, select: [vm/db], untracked: {serves: [tcp/80, tcp/22, tcp/8080]}}\n";
    private const string Rest = "kind: Guard\nmetadata: {name: rest}\nspec: {action: guard, select: [any]}\n";
    private static readonly string s_untracked = With(Shop.Manifest, Asks, Serves, Rest);
    private static readonly string s_tracked = With(Shop.Manifest, Rest);
    private readonly World _world = new(s_tracked);

    public void Dispose() => _world.Dispose();

    private Packet Request(bool v6 = false) => _world.WebToDb(v6) with { Proto = Protocols.Tcp, Flags = Tcp.Ack, Seq = 5, Ack = 5, Data = 10 };

    private Port Web => _world["web"];

    private Port Db => _world["db"];

    private Packet FromOutside => Request() with { Source = Shop.OutsideV4, SourceMac = Shop.Router, DestinationPort = 8080 };

    private static string With(string manifest, params string[] documents) =>
        manifest + string.Concat(documents.Select(d => $"\n---\napiVersion: merlon/v1\n{d}"));

    [Fact]
    public void A_rule_that_goes_takes_every_packet_with_it_and_one_that_comes_lets_them_pass()
    {
        _world.Apply(s_untracked);
        Assert.Equal(Outcome.Pass, _world.Send(Request()));
        Assert.Equal(Outcome.Pass, _world.Send(Request().Back()));
        _world.Apply(s_untracked.Replace("tcp/80, udp/80", "udp/80", StringComparison.Ordinal));
        Assert.Equal(new(false, "from_vm", Reason.Default), _world.Send(Request()));
        Assert.Equal(new(false, "from_vm", Reason.Default), _world.Send(Request().Back()));
        _world.Apply(s_untracked);
        Assert.Equal(Outcome.Pass, _world.Send(Request().Back()));
        Assert.Empty(_world.Kernel.Connections.List());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_connection_that_was_tracked_ends_with_the_next_packet(bool serverFirst, bool v6)
    {
        new Talk(_world, Request(v6), 40000).Open();
        _world.Events();
        _world.Apply(s_untracked);
        Assert.Single(_world.Kernel.Connections.List());
        Assert.Equal(Outcome.Pass, _world.Send(serverFirst ? Request(v6).Back() : Request(v6)));
        _world.WaitForTimer();
        Assert.Empty(_world.Kernel.Connections.List());
        var close = Assert.Single(_world.Events(), e => e.Type == EventType.Close);
        Assert.Equal((Reason.Untracked, 2UL, 1UL), (close.Reason, close.Packets[0], close.Packets[1]));
        var budget = _world.Kernel.Budgets.Get(Web.Record.Vm);
        Assert.Equal((0U, 0U), (budget.HalfOpen, budget.Connections));
    }

    [Fact]
    public void A_connection_that_was_tracked_ends_though_its_rule_has_gone_too()
    {
        new Talk(_world, FromOutside, 40000).Open();
        _world.Apply(s_untracked.Replace("tcp/8080, udp/8080", "udp/8080", StringComparison.Ordinal));
        Assert.Equal(new(false, "to_vm", Reason.Default), _world.Send(FromOutside));
        _world.WaitForTimer();
        Assert.Empty(_world.Kernel.Connections.List());
    }

    [Fact]
    public void What_was_untracked_must_open_again_once_it_is_tracked()
    {
        _world.Apply(s_untracked);
        Assert.Equal(Outcome.Pass, _world.Send(Request()));
        _world.Apply(s_tracked);
        Assert.Equal(new(false, "from_vm", Reason.TcpNoConnection), _world.Send(Request()));
        Assert.Equal(Outcome.Pass, _world.Send(Request() with { Flags = Tcp.Syn }));
    }

    /// <summary>db lists the port and web does not: tracked. To a stranger in web's name, from another MAC, its windows hold.</summary>
    [Fact]
    public void Who_lies_about_its_end_ends_nothing()
    {
        _world.Apply(With(Shop.Manifest, Serves, Rest));
        var talk = new Talk(_world, Request(), 40000).Open();
        Assert.Equal(new(false, "to_vm", Reason.TcpOutOfWindow), _world.Hook("to_vm", Db, (Request() with { SourceMac = Shop.Router, Seq = 0x70000000 }).Bytes()));
        Assert.Equal(ConnState.Established, talk.Entry().State);
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 10));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 10));
    }

    [Fact]
    public void A_neighbour_without_a_handoff_is_known_by_its_MAC()
    {
        _world.Apply(s_untracked);
        Assert.Equal(Outcome.Pass, _world.Hook("to_vm", Db, Request().Bytes()));
        _world.Apply(With(Shop.Manifest, Serves, Rest));
        Assert.Equal(new(false, "to_vm", Reason.TcpNoConnection), _world.Hook("to_vm", Db, Request().Bytes()));
    }

    [Fact]
    public void Every_packet_counts_on_the_rules_that_judged_it_and_none_is_told()
    {
        _world.Apply(s_untracked);
        _world.Events();
        var rule = _world.Rules.Single(r => r.Value.Contains("web-db", StringComparison.Ordinal)).Key;
        var before = _world.Kernel.Counters.RuleHits(rule).Decided;
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(Outcome.Pass, _world.Send(Request()));
            Assert.Equal(Outcome.Pass, _world.Send(Request().Back()));
        }
        Assert.Equal(before + 20, _world.Kernel.Counters.RuleHits(rule).Decided);
        Assert.Empty(_world.Events());
    }

    [Fact]
    public void What_is_denied_is_told_with_its_rule()
    {
        _world.Apply(s_untracked);
        _world.Events();
        Assert.Equal(new(false, "to_vm", Reason.Default), _world.Send(FromOutside with { DestinationPort = 80 }));
        var deny = Assert.Single(_world.Events());
        Assert.Equal((EventType.Deny, Verdict.Deny, Reason.Default, AbiLimits.RuleIdDefault), (deny.Type, deny.Verdict, deny.Reason, deny.InRule));
        Assert.Equal(new(false, "from_vm", Reason.UntrackedSyn), _world.Send(Request().Back() with { Flags = Tcp.Syn }));
        Assert.Equal((Reason.UntrackedSyn, 0U), (Assert.Single(_world.Events()) is var e ? (e.Reason, e.OutRule) : default));
    }

    [Fact]
    public void A_trace_says_that_no_connection_is_made()
    {
        _world.Apply(s_untracked);
        foreach (var packet in (Packet[])[Request() with { Flags = Tcp.Syn }, Request()])
        {
            TestPlace.StayOnOneCpu();
            var (left, arrived) = (_world.Kernel.Tests.Trace("from_vm", packet.Bytes(), Web.Ifindex), _world.Kernel.Tests.Trace("to_vm", packet.Bytes(), Db.Ifindex));
            Assert.Equal((Verdict.Allow, Reason.Untracked, Reason.Untracked), (left.Verdict, left.Reason, arrived.Reason));
            Assert.Equal((left.Rule, Web.Record.Vnic), (arrived.Rule, arrived.SourceVnic));
        }
    }

    /// <summary>A rule of reject answers a packet of either way: to the one that sent it.</summary>
    [Fact]
    public void A_rejected_packet_is_answered_whichever_way_it_goes()
    {
        _world.Apply(s_untracked);
        var ssh = FromOutside with { DestinationPort = 22 };
        var sent = _world.Kernel.Counters[Counter.Answers];
        Assert.Equal(7, _world.Kernel.Tests.Run("to_vm", ssh.Bytes(), Db.Ifindex).ReturnCode);
        Assert.Equal(7, _world.Kernel.Tests.Run("from_vm", ssh.Back().Bytes(), Db.Ifindex).ReturnCode);
        Assert.Equal(sent + 2, _world.Kernel.Counters[Counter.Answers]);
    }

    [Fact]
    public void A_Guard_that_observes_drops_nothing_and_tells()
    {
        _world.Apply(s_untracked.Replace("select: [vm/db]", "mode: observe, select: [vm/db]", StringComparison.Ordinal));
        _world.Events();
        Assert.Equal(Outcome.Pass, _world.Send(FromOutside.Back() with { Flags = Tcp.Syn }));
        Assert.Equal((Verdict.WouldDeny, Reason.UntrackedSyn), (Assert.Single(_world.Events()) is var e ? (e.Verdict, e.Reason) : default));
        Assert.Equal(Outcome.Pass, _world.Send(FromOutside with { DestinationPort = 80 }));
        Assert.Equal((Verdict.WouldDeny, Reason.Observed), (Assert.Single(_world.Events()) is var d ? (d.Verdict, d.Reason) : default));
        Assert.Empty(_world.Kernel.Connections.List());
    }

    /// <summary>A connection on the short cut leaves it with the Guard's change.</summary>
    [Fact]
    public void The_short_cut_takes_none_of_it()
    {
        using var place = new CutPlace();
        Assert.Equal(Went.Straight, place.Play(place.Data()));
        place.World.Apply(s_untracked);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(Went.ByBridge, place.Play(place.Data()));
            Assert.Equal(Went.ByBridge, place.Play(place.Data(back: true)));
        }
        place.World.WaitForTimer();
        Assert.Empty(place.World.Kernel.Connections.List());
    }
}
