using Merlon.Datapath;
using Merlon.Datapath.Abi;
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
        Assert.Equal((5U, 0U, 2UL), (Web.HalfOpen, Web.Connections, Web.Refused));
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
        Assert.Equal((1U, 2U, 1UL), (Web.HalfOpen, Web.Connections, Web.Refused));
        // The refused packet is told as refused, so it is not in the connection's totals too.
        Assert.Equal((1UL, 40UL), (talks[2].Entry().PacketsOut, talks[2].Entry().BytesOut));
        Assert.Equal(Outcome.Pass, talks[0].Server(Tcp.Ack, 100));
        // One ends, the third gets its place with the retransmitted acknowledgement.
        talks[1].Client(Tcp.Rst);
        _shop.Kernel.Budgets.SetLimits(_shop.Web.Record.Vm, 3, 0);
        Assert.Equal(Outcome.Pass, talks[2].Client(Tcp.Ack));
        Assert.Equal(ConnState.Established, talks[2].Entry().State);
    }

    [Fact]
    public void A_full_table_refuses_the_new_and_keeps_the_live()
    {
        using var small = new Shop2();
        var live = new Talk(small.World, small.WebToDb, 1).Open();
        var refused = 0;
        for (var i = 0; i < 200; i++)
        {
            var outcome = small.World.Send(small.WebToDb with { SourcePort = 5000 + i });
            if (outcome.Passed) continue;
            Assert.Equal(new(false, "to_vm", Reason.TableFull), outcome);
            refused++;
        }
        Assert.InRange(refused, 100, 199);
        Assert.Equal(Outcome.Pass, live.Client(Tcp.Ack, 100));
        Assert.Equal(Outcome.Pass, live.Server(Tcp.Ack, 100));
        Assert.Equal((uint)(200 - refused), small.World.Kernel.Budgets.Get(1).HalfOpen + small.World.Kernel.Budgets.Get(2).HalfOpen);
    }

    [Theory]
    [InlineData(false, TablePool.Half4, TablePool.Conn4)]
    [InlineData(true, TablePool.Half6, TablePool.Conn6)]
    public void A_vm_that_floods_takes_nobodys_share_of_the_table(bool v6, TablePool half, TablePool conn)
    {
        _shop.Kernel.Budgets.KeepShares(2);
        const int share = AbiLimits.ShareHalf;
        var pool = (int)_shop.Kernel.Budgets.Get(half).Limit;
        var most = share + pool;
        Assert.InRange(most, 1024 - share - 64, 1024 - share - 1);
        for (var i = 0; i < most; i++) Assert.Equal(Outcome.Pass, _shop.Send(_shop.WebToDb(v6) with { SourcePort = 3000 + i }));
        Assert.Equal(new(false, "to_vm", Reason.TableFull), _shop.Send(_shop.WebToDb(v6) with { SourcePort = 9000 }));
        Assert.Equal((pool, 1UL), (_shop.Kernel.Budgets.Get(half).Used, Web.Refused));
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
        AssertNothingIsCharged(_shop);
    }

    /// <summary>Two CPUs move one VM's count to and fro across its share: whichever comes first at the pool, nothing is refused and nothing stays.</summary>
    [Fact]
    public async Task Two_cpus_at_the_edge_of_a_share_refuse_nothing_and_leave_nothing_borrowed()
    {
        const int each = 20_000;
        using var world = new World(Shop.Manifest, new("", "", 1 << 17, 64, 1 << 17));
        world.Kernel.Budgets.KeepShares(2);
        for (var i = 0; i < AbiLimits.ShareHalf - 1; i++) Assert.Equal(Outcome.Pass, world.Send(Out(world, 1000 + i)));
        // Half-open with the first packet, established with the second.
        var refused = await OnTwoCpus(each, (cpu, i) => Opens(world, Out(world, 2000 + 2 * i + cpu)) && Answers(world, Out(world, 2000 + 2 * i + cpu)) ? 0 : 1);
        Assert.Equal(0, refused.Sum());
        Assert.Equal((0, 2 * each - AbiLimits.ShareConn), (world.Kernel.Budgets.Get(TablePool.Half4).Used, world.Kernel.Budgets.Get(TablePool.Conn4).Used));
    }

    /// <summary>The same where the pool is empty of places: what is refused there leaves nothing behind either.</summary>
    [Fact]
    public async Task Two_cpus_that_are_refused_at_a_full_pool_leave_nothing_borrowed()
    {
        using var world = new World(Shop.Manifest, new("", "", 1 << 17, 64, 1 << 17));
        world.Kernel.Budgets.KeepShares((1 << 17) / AbiLimits.ShareHalf);
        Assert.Equal(1U, world.Kernel.Budgets.Get(TablePool.Half4).Limit);
        for (var i = 0; i < AbiLimits.ShareHalf; i++) Assert.Equal(Outcome.Pass, world.Send(Out(world, 1000 + i)));
        var refused = await OnTwoCpus(10_000, (cpu, i) => !Opens(world, Out(world, 2000 + 2 * i + cpu)) || !Answers(world, Out(world, 2000 + 2 * i + cpu)) ? 1 : 0);
        Assert.InRange(refused.Sum(), 1, 19_999);
        var web = world.Kernel.Budgets.Get(world["web"].Record.Vm);
        Assert.Equal((Math.Max(0, (int)web.HalfOpen - AbiLimits.ShareHalf), Math.Max(0, (int)web.Connections - AbiLimits.ShareConn)),
            (world.Kernel.Budgets.Get(TablePool.Half4).Used, world.Kernel.Budgets.Get(TablePool.Conn4).Used));
        world.Kernel.Connections.RemoveVnic(world["web"].Record.Vnic);
        world.WaitForTimer();
        AssertNothingIsCharged(world);
    }

    /// <summary>A connection that finds no place among the established ones, slowly, while another CPU resets it and opens it anew in its place.
    /// The control: a program that does not finish what was buried meanwhile.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_promotion_that_is_refused_while_its_half_begins_a_new_life_leaves_no_charge(bool finishes)
    {
        var folder = Directory.CreateTempSubdirectory("merlon-slow-");
        const string charge = "reason = charge(w, fresh->vm, CONN);", finish = "w->ends.half = HALF;\n\tfinish(w);";
        List<Fault> changes = [new("", "slow", "promote.h", charge, "for (int i = 0; i < 300; i++)\n\t\tbpf_ktime_get_ns();\n\t" + charge, default)];
        if (!finishes) changes.Add(new("", "leaves it", "promote.h", finish, "", default));
        using var world = new World(Shop.Manifest, new(Fault.Build(Path.Combine(folder.FullName, "source"), changes), "", 4096, 4096, 1024));
        folder.Delete(recursive: true);
        var web = world["web"];
        world.Kernel.Budgets.SetLimits(web.Record.Vm, 1, 0);
        Assert.True(Opens(world, Out(world, 1)) && Answers(world, Out(world, 1)));
        var client = Out(world, 2) with { Proto = Protocols.Tcp, Window = 64000 };
        byte[] syn = (client with { Flags = Tcp.Syn, Seq = 1000 }).Bytes(), answer = (client.Back() with { Flags = Tcp.SynAck, Seq = 9000, Ack = 1001 }).Bytes(),
            ack = (client with { Flags = Tcp.Ack, Seq = 1001, Ack = 9001 }).Bytes(), reset = (client with { Flags = Tcp.Rst, Seq = 1001 }).Bytes();
        await OnTwoCpus(10_000, (cpu, _) =>
        {
            foreach (var frame in cpu == 0 ? (byte[][])[syn, answer, ack] : [reset, syn]) world.Flood(frame == answer ? "to_vm" : "from_vm", web, frame);
            return 0;
        });
        world.Kernel.Connections.RemoveVnic(web.Record.Vnic);
        world.WaitForTimer();
        if (finishes) AssertNothingIsCharged(world);
        else Assert.NotEqual(0U, world.Kernel.Budgets.Get(web.Record.Vm).HalfOpen);
    }

    private static void AssertNothingIsCharged(World world)
    {
        foreach (var pool in new[] { TablePool.Half4, TablePool.Half6, TablePool.Conn4, TablePool.Conn6 }) Assert.Equal(0, world.Kernel.Budgets.Get(pool).Used);
        Assert.All(world.Ports.Values, p => Assert.Equal((0U, 0U), (world.Kernel.Budgets.Get(p.Record.Vm).HalfOpen, world.Kernel.Budgets.Get(p.Record.Vm).Connections)));
    }

    private static Packet Out(World world, int port) =>
        new(world["web"].V4, Shop.OutsideV4) { SourceMac = world["web"].Mac, DestinationMac = Shop.Router, Proto = Protocols.Udp, SourcePort = port, DestinationPort = 443 };

    private static bool Opens(World world, Packet packet) => world.Flood("from_vm", world["web"], packet.Bytes());

    private static bool Answers(World world, Packet packet) => world.Flood("to_vm", world["web"], packet.Back().Bytes());

    // Each CPU a thread of its own; the sums of what they return.
    private static Task<int[]> OnTwoCpus(int times, Func<int, int, int> work) => Task.WhenAll(((int[])[0, 1]).Select(cpu =>
        Task.Factory.StartNew(() => Enumerable.Range(0, times).Sum(i => work(cpu, i)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

    private sealed class Shop2 : IDisposable
    {
        public World World { get; } = new(Shop.Manifest, new DatapathOptions("", "", 64, 64, 64));

        public Packet WebToDb => new(World["web"].V4, World["db"].V4) { SourceMac = World["web"].Mac, DestinationMac = World["db"].Mac };

        public void Dispose() => World.Dispose();
    }
}
