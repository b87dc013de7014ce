using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Packets;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>What VMs are charged for, while two CPUs change it: nothing is refused that has a place, and nothing stays behind.</summary>
public sealed class AccountTests
{
    /// <summary>Two CPUs move one VM's count to and fro across its share: whichever comes first at the pool, nothing is refused and nothing stays.</summary>
    [Fact]
    public async Task Two_cpus_at_the_edge_of_a_share_refuse_nothing_and_leave_nothing_borrowed()
    {
        const int each = 8_000; // all of them are half of the pool at most
        using var shop = new Shop("", new("", "", 1 << 15, 64, 1 << 15));
        shop.Kernel.Budgets.KeepShares(2);
        for (var i = 0; i < AbiLimits.ShareHalf - 1; i++) Assert.Equal(Outcome.Pass, shop.Send(Out(shop, 1000 + i)));
        // Half-open with the first packet, established with the second.
        var refused = await OnTwoCpus(each, (cpu, i) => Opens(shop, Out(shop, 2000 + 2 * i + cpu)) && Answers(shop, Out(shop, 2000 + 2 * i + cpu)) ? 0 : 1);
        Assert.Equal(0, refused.Sum());
        var live = shop.Kernel.Budgets.Get(shop.Web.Record.Vm);
        Assert.Equal(((uint)AbiLimits.ShareHalf - 1, 2U * each), (live.HalfOpen, live.Connections));
        // What was answered is deleted some passes later, and borrowed until then.
        shop.WaitForTimer();
        Assert.Equal((0, 2 * each - AbiLimits.ShareConn), (shop.Kernel.Budgets.Get(TablePool.Half4).Used, shop.Kernel.Budgets.Get(TablePool.Conn4).Used));
    }

    /// <summary>The same where the pool is empty of places: what is refused there leaves nothing behind either.</summary>
    [Fact]
    public async Task Two_cpus_that_are_refused_at_a_full_pool_leave_nothing_borrowed()
    {
        using var shop = new Shop("", new("", "", 1 << 15, 64, 1 << 15));
        Assert.False(shop.Kernel.Budgets.KeepShares((1 << 15) / AbiLimits.ShareHalf));
        Assert.Equal(1U, shop.Kernel.Budgets.Get(TablePool.Half4).Limit);
        for (var i = 0; i < AbiLimits.ShareHalf; i++) Assert.Equal(Outcome.Pass, shop.Send(Out(shop, 1000 + i)));
        var refused = await OnTwoCpus(5_000, (cpu, i) => !Opens(shop, Out(shop, 2000 + 2 * i + cpu)) || !Answers(shop, Out(shop, 2000 + 2 * i + cpu)) ? 1 : 0);
        Assert.InRange(refused.Sum(), 1, 9_999);
        shop.WaitForTimer();
        var web = shop.Kernel.Budgets.Get(shop.Web.Record.Vm);
        Assert.Equal((web.HalfOpen, web.Connections), (web.Held[(int)TablePool.Half4], web.Held[(int)TablePool.Conn4]));
        Assert.Equal((Math.Max(0, (int)web.HalfOpen - AbiLimits.ShareHalf), Math.Max(0, (int)web.Connections - AbiLimits.ShareConn)),
            (shop.Kernel.Budgets.Get(TablePool.Half4).Used, shop.Kernel.Budgets.Get(TablePool.Conn4).Used));
        shop.Kernel.Connections.RemoveVnic(shop.Web.Record.Vnic);
        shop.WaitForTimer();
        AssertNothingIsCharged(shop);
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
        using var shop = new Shop("", new(Fault.Build(Path.Combine(folder.FullName, "source"), changes), "", 4096, 4096, 1024));
        folder.Delete(recursive: true);
        var web = shop.Web;
        shop.Kernel.Budgets.SetLimits(web.Record.Vm, 1, 0);
        Assert.True(Opens(shop, Out(shop, 1)) && Answers(shop, Out(shop, 1)));
        var client = Out(shop, 2) with { Proto = Protocols.Tcp, Window = 64000 };
        byte[] syn = (client with { Flags = Tcp.Syn, Seq = 1000 }).Bytes(), answer = (client.Back() with { Flags = Tcp.SynAck, Seq = 9000, Ack = 1001 }).Bytes(),
            ack = (client with { Flags = Tcp.Ack, Seq = 1001, Ack = 9001 }).Bytes(), reset = (client with { Flags = Tcp.Rst, Seq = 1001 }).Bytes();
        await OnTwoCpus(4_000, (cpu, _) =>
        {
            foreach (var frame in cpu == 0 ? (byte[][])[syn, answer, ack] : [reset, syn]) shop.Flood(frame == answer ? "to_vm" : "from_vm", web, frame);
            return 0;
        });
        shop.Kernel.Connections.RemoveVnic(web.Record.Vnic);
        shop.WaitForTimer();
        if (finishes) AssertNothingIsCharged(shop);
        else Assert.NotEqual(0U, shop.Kernel.Budgets.Get(web.Record.Vm).HalfOpen);
    }

    /// <summary>A connection that is reset, and opened anew by its other end in the element where it stood.</summary>
    [Fact]
    public void An_element_is_charged_to_the_vm_whose_entry_stands_in_it()
    {
        using var shop = new Shop("""
            apiVersion: merlon/v1
            kind: Policy
            metadata: {name: back, tenant: shop}
            spec: {tier: tenant, rules: [{name: db-web, from: [vm/db], to: [vm/web], services: [tcp/3000], action: allow}]}
            """);
        (uint Live, uint Held) Of(Port port) => (shop.Kernel.Budgets.Get(port.Record.Vm).HalfOpen, shop.Kernel.Budgets.Get(port.Record.Vm).Held[(int)TablePool.Half4]);
        var syn = shop.WebToDb() with { Proto = Protocols.Tcp, SourcePort = 3000, Flags = Tcp.Syn, Seq = 1000 };
        Assert.Equal(Outcome.Pass, shop.Send(syn));
        Assert.Equal(Outcome.Pass, shop.Send(syn.Back() with { Flags = Tcp.Rst | Tcp.Ack, Seq = 0, Ack = 1001 }));
        Assert.Equal(((1U, 1U), (0U, 0U)), (Of(shop.Web), Of(shop.Db)));
        Assert.Equal(Outcome.Pass, shop.Send(syn.Back() with { Flags = Tcp.Syn, Seq = 9000 }));
        Assert.Equal(((0U, 0U), (1U, 1U)), (Of(shop.Web), Of(shop.Db)));
        shop.Kernel.Connections.RemoveVnic(shop.Web.Record.Vnic);
        shop.Kernel.Connections.RemoveVnic(shop.Db.Record.Vnic);
        shop.WaitForTimer();
        AssertNothingIsCharged(shop);
    }

    internal static void AssertNothingIsCharged(World world)
    {
        foreach (var pool in new[] { TablePool.Half4, TablePool.Half6, TablePool.Conn4, TablePool.Conn6 }) Assert.Equal(0, world.Kernel.Budgets.Get(pool).Used);
        Assert.All(world.Ports.Values, p => Assert.Equal((0U, 0U), (world.Kernel.Budgets.Get(p.Record.Vm).HalfOpen, world.Kernel.Budgets.Get(p.Record.Vm).Connections)));
        Assert.Empty(world.Kernel.Budgets.Holders());
    }

    private static Packet Out(Shop shop, int port) => shop.WebToOutside() with { Proto = Protocols.Udp, SourcePort = port };

    private static bool Opens(Shop shop, Packet packet) => shop.Flood("from_vm", shop.Web, packet.Bytes());

    private static bool Answers(Shop shop, Packet packet) => shop.Flood("to_vm", shop.Web, packet.Back().Bytes());

    // Each CPU a thread of its own; the sums of what they return.
    private static Task<int[]> OnTwoCpus(int times, Func<int, int, int> work) => Task.WhenAll(((int[])[0, 1]).Select(cpu =>
        Task.Factory.StartNew(() => Enumerable.Range(0, times).Sum(i => work(cpu, i)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
}
