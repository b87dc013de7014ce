using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>A vNIC leaves: who else holds the connection, and each close is told once.</summary>
public sealed class LeaveTests : IDisposable
{
    private readonly Shop _shop = new();

    public void Dispose() => _shop.Dispose();

    private int Leave(string vm) => _shop.Kernel.Connections.RemoveVnic(_shop[vm].Record.Vnic);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_other_guarded_end_keeps_the_connection_until_it_leaves_too(bool v6)
    {
        var packet = _shop.WebToDb(v6) with { SourcePort = 7001 };
        _shop.Send(packet);
        _shop.Send(packet.Back());
        Assert.Equal(1, Leave("web"));
        Assert.Equal(0, Leave("web"));
        var kept = Assert.Single(_shop.Kernel.Connections.List());
        Assert.Equal((_shop.Web.Record.Vnic, 0U, _shop.Db.Record.Vnic, 1U), (kept.SourceVnic, kept.SourceEpoch, kept.DestinationVnic, kept.DestinationEpoch));
        Assert.Equal(1, Leave("db"));
        _shop.WaitForTimer();
        var closed = Assert.Single(_shop.Events(), e => e.Type == EventType.Close);
        Assert.Equal((Reason.PortRemoved, _shop.Web.Record.Vnic, _shop.Db.Record.Vnic), (closed.Reason, closed.SourceVnic, closed.DestinationVnic));
        Assert.Equal((1UL, 1UL), (closed.Packets[0], closed.Packets[1]));
    }

    /// <summary>An end that is guarded in one direction only holds what it opened in the other, though nobody has judged it there.</summary>
    [Fact]
    public void An_end_that_is_not_judged_in_this_direction_holds_the_connection_too()
    {
        using var shop = new Shop("""
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: in-only}
            spec: {priority: 10, action: guard, select: [vm/web], directions: [in]}
            ---
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: all}
            spec: {action: guard, select: [any]}
            """);
        var talk = new Talk(shop, shop.WebToDb(), 7003).Open();
        // It leaves and comes back under another number, and nobody judges what it says on.
        Assert.Equal(1, shop.Kernel.Connections.RemoveVnic(shop.Web.Record.Vnic));
        shop.ChangePort("web", r => r with { Vnic = 99 });
        shop.Kernel.Owners.Set(shop.Web.Record.Realm, shop.Web.V4, 99);
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 100));
        Assert.Equal(1, shop.Kernel.Connections.RemoveVnic(shop.Db.Record.Vnic));
        shop.WaitForTimer();
        Assert.Equal((99U, 0U), (talk.Entry().SourceVnic, talk.Entry().SourceEpoch));
        Assert.Equal(1, shop.Kernel.Connections.RemoveVnic(shop.Web.Record.Vnic));
        shop.WaitForTimer();
        Assert.Equal(Reason.PortRemoved, Assert.Single(shop.Events(), e => e.Type == EventType.Close).Reason);
        Assert.Empty(shop.Kernel.Connections.List());
    }

    [Fact]
    public void A_finished_connection_whose_port_is_removed_is_still_finished()
    {
        var talk = new Talk(_shop, _shop.WebToOutside(), 7002).Open();
        talk.Client(Tcp.FinAck);
        talk.Server(Tcp.FinAck);
        Leave("web");
        _shop.WaitForTimer();
        Assert.Equal(Reason.Finished, Assert.Single(_shop.Events(), e => e.Type == EventType.Close).Reason);
    }

    [Fact]
    public void Packets_timer_and_leaving_at_the_same_time_lose_and_double_nothing()
    {
        const int ports = 20, rounds = 150;
        var stop = false;
        var leaves = 0;
        var leaver = new Thread(() =>
        {
            for (; !Volatile.Read(ref stop); leaves++) Leave("web");
        });
        var told = new List<MerlonEvent>();
        leaver.Start();
        var sent = 0UL;
        for (var round = 0; round < rounds; round++)
        {
            for (var port = 0; port < ports; port++)
            {
                var packet = _shop.WebToOutside(port % 2 == 0) with { SourcePort = 7100 + port };
                Assert.Equal(Outcome.Pass, _shop.Send(packet));
                sent++;
                if (_shop.Send(packet.Back()).Passed) sent++;
            }
            told.AddRange(_shop.Events());
        }
        Volatile.Write(ref stop, true);
        leaver.Join();
        Leave("web");
        _shop.WaitForTimer(8);
        told.AddRange(_shop.Events());
        var closed = told.Where(e => e.Type == EventType.Close).ToArray();
        Assert.True(leaves > 10 && closed.Length > ports, $"{leaves} leaves, {closed.Length} closes");
        Assert.Equal(told.Count(e => e.Type == EventType.Open), closed.Length);
        Assert.Equal(sent, closed.Aggregate(0UL, (n, e) => n + e.Packets[0] + e.Packets[1]));
        Assert.All(closed, e => Assert.Equal(Reason.PortRemoved, e.Reason));
        Assert.Empty(_shop.Kernel.Connections.List());
        AccountTests.AssertNothingIsCharged(_shop);
    }
}
