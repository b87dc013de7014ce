using Merlon.Datapath.Abi;
using Merlon.Datapath.Native;
using Merlon.Kernel.Tests.Bench;
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
        _shop.Kernel.Budgets.KeepShares(2);
        const int share = AbiLimits.ShareHalf;
        int pool = 1024 - 2 * share - Cpus.Possible, most = pool + share;
        for (var i = 0; i < most; i++) Assert.Equal(Outcome.Pass, _shop.Send(_shop.WebToDb(v6) with { SourcePort = 3000 + i }));
        Assert.Equal(new(false, "to_vm", Reason.TableFull), _shop.Send(_shop.WebToDb(v6) with { SourcePort = 9000 }));
        Assert.Equal((pool, 1U), (_shop.Kernel.Budgets.Get(half).Used, Web.RefusedTable));
        for (var i = 0; i < share; i++) Assert.Equal(Outcome.Pass, _shop.Send(_shop.OutsideToDb(v6) with { SourcePort = 3000 + i }));
        Assert.Equal(new(false, "to_vm", Reason.TableFull), _shop.Send(_shop.OutsideToDb(v6) with { SourcePort = 9000 }));
        // The other IP version has a table of its own.
        Assert.Equal(Outcome.Pass, _shop.Send(_shop.WebToDb(!v6)));

        // What is answered leaves the half-open ones, and is borrowed there no longer.
        for (var i = 0; i < 100; i++) Assert.Equal(Outcome.Pass, _shop.Send((_shop.WebToDb(v6) with { SourcePort = 3000 + i }).Back()));
        Assert.Equal((pool - 100, 100 - AbiLimits.ShareConn), (_shop.Kernel.Budgets.Get(half).Used, _shop.Kernel.Budgets.Get(conn).Used));
        // When all is gone nothing is borrowed.
        _shop.Kernel.Connections.RemoveVnic(_shop.Web.Record.Vnic);
        _shop.Kernel.Connections.RemoveVnic(_shop.Db.Record.Vnic);
        _shop.WaitForTimer();
        AccountTests.AssertNothingIsCharged(_shop);
    }
}
