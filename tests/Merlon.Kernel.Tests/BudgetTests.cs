using Merlon.Datapath.Abi;
using Merlon.Datapath.Native;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Packets;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class BudgetTests : IDisposable
{
    private readonly Shop _shop = new();

    public void Dispose() => _shop.Dispose();

    private BudgetRecord Web => _shop.Kernel.Budgets.Get(_shop.Web.Record.Vm);

    [Fact]
    public void Half_open_connections_are_charged_to_the_vm_that_opens_and_stop_at_its_limit()
    {
        _shop.Kernel.Budgets.SetLimits(_shop.Web.Record.Vm, 0, 5);
        for (var i = 0; i < 5; i++) Assert.Equal(Outcome.Pass, _shop.Send(_shop.WebToDb() with { SourcePort = 3000 + i }));
        Assert.Equal(new(false, "to_vm", Reason.HalfOpenBudget), _shop.Send(_shop.WebToDb() with { SourcePort = 3005 }));
        Assert.Equal(new(false, "from_vm", Reason.HalfOpenBudget), _shop.Send(_shop.WebToOutside() with { SourcePort = 3006 }));
        Assert.Equal((5U, 0U, 2U), (Web.HalfOpen, Web.Connections, Web.RefusedHalfOpen));
        // The neighbour's budget is its own.
        Assert.Equal(Outcome.Pass, _shop.Send(_shop.OutsideToDb() with { SourcePort = 3007 }));
        Assert.Equal(1U, _shop.Kernel.Budgets.Get(_shop.Db.Record.Vm).HalfOpen);
        // What is open goes on.
        Assert.Equal(Outcome.Pass, _shop.Send((_shop.WebToDb() with { SourcePort = 3000 }).Back()));
        Assert.Equal((4U, 1U), (Web.HalfOpen, Web.Connections));
        Assert.Equal(Outcome.Pass, _shop.Send(_shop.WebToDb() with { SourcePort = 3005 }));
    }

    [Fact]
    public void Established_connections_have_a_limit_of_their_own()
    {
        _shop.Kernel.Budgets.SetLimits(_shop.Web.Record.Vm, 2, 0);
        var talks = Enumerable.Range(0, 3).Select(i => new Talk(_shop, _shop.WebToDb(), 3100 + i)).ToArray();
        foreach (var talk in talks)
        {
            Assert.Equal(Outcome.Pass, talk.Client(Tcp.Syn));
            Assert.Equal(Outcome.Pass, talk.Server(Tcp.SynAck));
        }
        Assert.Equal(Outcome.Pass, talks[0].Client(Tcp.Ack));
        Assert.Equal(Outcome.Pass, talks[1].Client(Tcp.Ack));
        Assert.Equal(new(false, "to_vm", Reason.VmBudget), talks[2].Client(Tcp.Ack));
        Assert.Equal((1U, 2U, 1U), (Web.HalfOpen, Web.Connections, Web.RefusedConnections));
        // The refused packet is told as refused, so it is not in the connection's totals too.
        Assert.Equal((1UL, 40UL), (talks[2].Entry().PacketsOut, talks[2].Entry().BytesOut));
        Assert.Equal(Outcome.Pass, talks[0].Server(Tcp.Ack, 100));
        // One ends, the third gets its place with the retransmitted acknowledgement.
        talks[1].Client(Tcp.Rst);
        _shop.Kernel.Budgets.SetLimits(_shop.Web.Record.Vm, 3, 0);
        Assert.Equal(Outcome.Pass, talks[2].Client(Tcp.Ack));
        Assert.Equal(ConnState.Established, talks[2].Entry().State);
    }

    [Theory]
    [InlineData(Reason.ConnectionRate)]
    [InlineData(Reason.IcmpRate)]
    [InlineData(Reason.NeighbourRate)]
    public void What_a_rate_refuses_counts_for_that_rate_alone(Reason rate)
    {
        _shop.Kernel.Budgets.SetLimits(_shop.Web.Record.Vm, 0, 0, new(1, 1, 1));
        byte[] Frame(int n) => rate switch
        {
            Reason.ConnectionRate => (_shop.WebToOutside() with { SourcePort = 3000 + n }).Bytes(),
            Reason.IcmpRate => (_shop.WebToOutside() with { Proto = Protocols.Icmp, IcmpType = 8 }).Bytes(),
            _ => Neighbour.Arp(_shop.Web.Mac, _shop.Web.V4, _shop.Db.V4),
        };
        Assert.NotEqual(rate, _shop.Hook("from_vm", _shop.Web, Frame(0)).Reason);
        for (var i = 1; i <= 3; i++) Assert.Equal(rate, _shop.Hook("from_vm", _shop.Web, Frame(i)).Reason);
        Assert.All(BudgetRecord.Budgets, b => Assert.Equal(b == rate ? 3U : 0, Web.Refused(b)));
    }

    [Fact]
    public void A_full_table_refuses_the_new_and_keeps_the_live()
    {
        using var small = new Shop("", new("", "", 64, 64, 64));
        var live = new Talk(small, small.WebToDb(), 1).Open();
        var refused = 0;
        for (var i = 0; i < 200; i++)
        {
            var outcome = small.Send(small.WebToDb() with { SourcePort = 5000 + i });
            if (outcome.Passed) continue;
            Assert.Equal(new(false, "to_vm", Reason.TableFull), outcome);
            refused++;
        }
        Assert.InRange(refused, 100, 199);
        Assert.Equal((uint)refused, small.Kernel.Budgets.Get(small.Web.Record.Vm).RefusedTable);
        Assert.Equal(Outcome.Pass, live.Client(Tcp.Ack, 100));
        Assert.Equal(Outcome.Pass, live.Server(Tcp.Ack, 100));
        Assert.Equal((uint)(200 - refused), small.Kernel.Budgets.Get(1).HalfOpen + small.Kernel.Budgets.Get(2).HalfOpen);
    }

    [Theory]
    [InlineData(false, TablePool.Half4, TablePool.Conn4)]
    [InlineData(true, TablePool.Half6, TablePool.Conn6)]
    public void A_vm_that_floods_takes_nobodys_share_of_the_table(bool v6, TablePool half, TablePool conn)
    {
        Assert.True(_shop.Kernel.Budgets.KeepShares(2));
        const int share = AbiLimits.ShareHalf;
        // The first leaves half of the pool, the second half of that.
        int pool = 1024 - 2 * share - Cpus.Possible, first = (pool + 1) / 2, second = (pool - first + 1) / 2, most = first + share;
        for (var i = 0; i < most; i++) Assert.Equal(Outcome.Pass, _shop.Send(_shop.WebToDb(v6) with { SourcePort = 3000 + i }));
        Assert.Equal(new(false, "to_vm", Reason.TableFull), _shop.Send(_shop.WebToDb(v6) with { SourcePort = 9000 }));
        Assert.Equal((first, 1U), (_shop.Kernel.Budgets.Get(half).Used, Web.RefusedTable));
        for (var i = 0; i < share + second; i++) Assert.Equal(Outcome.Pass, _shop.Send(_shop.OutsideToDb(v6) with { SourcePort = 3000 + i }));
        Assert.Equal(new(false, "to_vm", Reason.TableFull), _shop.Send(_shop.OutsideToDb(v6) with { SourcePort = 9000 }));
        // The other IP version has a table of its own.
        Assert.Equal(Outcome.Pass, _shop.Send(_shop.WebToDb(!v6)));

        // What is answered leaves the half-open ones, and when it is deleted there it is borrowed there no longer.
        for (var i = 0; i < 100; i++) Assert.Equal(Outcome.Pass, _shop.Send((_shop.WebToDb(v6) with { SourcePort = 3000 + i }).Back()));
        Assert.Equal((uint)most + 1 - 100, Web.HalfOpen);
        _shop.WaitForTimer();
        Assert.Equal((first + second - 100, 100 - AbiLimits.ShareConn), (_shop.Kernel.Budgets.Get(half).Used, _shop.Kernel.Budgets.Get(conn).Used));
        // When all is gone nothing is borrowed.
        _shop.Kernel.Connections.RemoveVnic(_shop.Web.Record.Vnic);
        _shop.Kernel.Connections.RemoveVnic(_shop.Db.Record.Vnic);
        _shop.WaitForTimer();
        AccountTests.AssertNothingIsCharged(_shop);
    }

    /// <summary>A flooder leaves of the pool what another VM needs above its share. The control: a program that lends all to who comes first.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_vm_that_floods_leaves_of_the_pool_for_others(bool fair)
    {
        var folder = Directory.CreateTempSubdirectory("merlon-lends-");
        Fault greedy = new("", "lends all", "conntrack.h", "__sync_fetch_and_add(&pool->used, 1) + already <", "__sync_fetch_and_add(&pool->used, 1) <", default);
        using var shop = new Shop("", new(fair ? "" : greedy.Build(Path.Combine(folder.FullName, "source")), "", 1024, 1024, 1024));
        folder.Delete(recursive: true);
        shop.Kernel.Budgets.KeepShares(2);
        for (var i = 0; i < 1000; i++) shop.Flood("from_vm", shop.Web, (shop.WebToOutside() with { SourcePort = 3000 + i }).Bytes());
        Assert.InRange(shop.Kernel.Budgets.Get(shop.Web.Record.Vm).RefusedTable, 1U, 999U);
        for (var i = 0; i < AbiLimits.ShareHalf; i++) Assert.Equal(Outcome.Pass, shop.Send(shop.OutsideToDb() with { SourcePort = 3000 + i }));
        Assert.Equal(fair, shop.Send(shop.OutsideToDb() with { SourcePort = 9000 }).Passed);
    }

    /// <summary>The same of what was established: it was reset, lies there beyond its life, and holds its place.</summary>
    [Fact]
    public void What_was_reset_and_is_not_deleted_yet_takes_nobodys_share()
    {
        using var shop = new Shop("", new("", "", 1024, 64, 4096));
        shop.Kernel.Budgets.KeepShares(2);
        shop.EndTimer();
        var most = AbiLimits.ShareConn + (1024 - 2 * AbiLimits.ShareConn - Cpus.Possible + 1) / 2;
        for (var i = 0; i < most; i++) Assert.Equal(Outcome.Pass, new Talk(shop, shop.WebToOutside(), 3000 + i).Open().Client(Tcp.Rst));
        Thread.Sleep(TimeSpan.FromSeconds(6)); // docs/packet-path.md: 5 s after a reset
        Assert.Empty(shop.Kernel.Connections.List());
        var late = new Talk(shop, shop.WebToOutside(), 9000);
        Assert.Equal((Outcome.Pass, Outcome.Pass), (late.Client(Tcp.Syn), late.Server(Tcp.SynAck)));
        Assert.Equal(Reason.TableFull, late.Client(Tcp.Ack).Reason);
        Assert.Equal((uint)most, shop.Kernel.Budgets.Get(shop.Web.Record.Vm).Held[(int)TablePool.Conn4]);
        for (var i = 0; i < AbiLimits.ShareConn; i++) new Talk(shop, shop.OutsideToDb(), 3000 + i).Open();
    }

    /// <summary>What is over holds its place until the timer has deleted it; here it never does. One VM floods above its share and has more that is
    /// answered at once; another has never more than one half-open.</summary>
    [Theory]
    [InlineData(false, 400)]
    [InlineData(true, 400)]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    public void What_is_over_and_not_deleted_yet_takes_nobodys_share(bool v6, int open)
    {
        _shop.Kernel.Budgets.KeepShares(2);
        _shop.EndTimer();
        for (var i = 0; i < open; i++) Assert.Equal(Outcome.Pass, _shop.Send(_shop.WebToDb(v6) with { SourcePort = 3000 + i }));
        for (var i = 0; i < 2000; i++)
        {
            var packet = _shop.WebToOutside(v6) with { SourcePort = 3000 + i };
            if (_shop.Flood("from_vm", _shop.Web, packet.Bytes())) _shop.Flood("to_vm", _shop.Web, packet.Back().Bytes());
        }
        Assert.Equal((uint)open, Web.HalfOpen);
        Assert.InRange(Web.RefusedTable, 1U, 2000U);
        for (var i = 0; i < AbiLimits.ShareHalf; i++)
        {
            var packet = _shop.OutsideToDb(v6) with { SourcePort = 3000 + i };
            Assert.Equal((i, Outcome.Pass), (i, _shop.Send(packet)));
            Assert.Equal(Outcome.Pass, _shop.Send(packet.Back()));
        }
        Assert.Equal(0U, _shop.Kernel.Budgets.Get(_shop.Db.Record.Vm).RefusedTable);
    }
}
