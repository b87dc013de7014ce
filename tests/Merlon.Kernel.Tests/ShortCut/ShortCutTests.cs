using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Packets;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests.ShortCut;

/// <summary>docs/packet-path.md, One look: who takes it, each condition by itself, and each against a program without it.</summary>
public sealed class ShortCutTests(Shop shop) : IClassFixture<Shop>
{
    public static TheoryData<string> Conditions => [.. Condition.All.Select(c => c.Name)];

    [Theory]
    [InlineData(Protocols.Tcp, false)]
    [InlineData(Protocols.Tcp, true)]
    [InlineData(Protocols.Udp, false)]
    [InlineData(Protocols.Udp, true)]
    public void An_established_connection_is_judged_once_both_ways_and_every_packet_counts_once(int proto, bool v6)
    {
        using var place = new CutPlace(proto: proto, v6: v6);
        Counts(place, v6, proto, Went.Straight);
        place.ChangeWay("db", w => w with { Flags = WayFlags.ByBridge });
        Counts(place, v6, proto, Went.Judged);
        Assert.Empty(place.World.Kernel.Counters.Drops());
    }

    /// <summary>docs/packet-path.md, Adopting: half-open by the bridge, then straight, within the bounds of those that nobody saw open.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_adopted_connection_goes_straight_once_both_ends_have_spoken(bool v6)
    {
        using var place = new CutPlace(v6: v6, adopted: true);
        Assert.Equal((true, ConnState.Established), (place.Entry.Adopted, place.Entry.State));
        Counts(place, v6, Protocols.Tcp, Went.Straight);
        Assert.Equal(Went.Nowhere, place.Play(place.Data() with { Seq = place.Data().Seq + 70_000 }));
        Assert.Equal(Went.Nowhere, place.Play(place.Data(back: true) with { Seq = place.Data(back: true).Seq + 70_000 }));
        place.World.Kernel.Adoptions.Set(new Dictionary<uint, ulong>());
        Counts(place, v6, Protocols.Tcp, Went.Straight);
    }

    [Fact]
    public void A_half_adopted_one_takes_the_bridge()
    {
        using var place = new CutPlace(adopted: true);
        var other = place.Data() with { SourcePort = 40001 };
        Assert.Equal((Went.ByBridge, Went.ByBridge), (place.Play(other), place.Play(other)));
    }

    private static void Counts(CutPlace place, bool v6, int proto, Went way)
    {
        var (before, straight) = (place.Entry, place.Straight);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(way, place.Play(place.Data(bytes: 100)));
            Assert.Equal(way, place.Play(place.Data(back: true, bytes: 50)));
        }
        var (headers, after) = ((v6 ? 40 : 20) + (proto == Protocols.Tcp ? 20 : 8), place.Entry);
        Assert.Equal((5UL, 5UL), (after.PacketsOut - before.PacketsOut, after.PacketsBack - before.PacketsBack));
        Assert.Equal((5UL * (ulong)(headers + 100), 5UL * (ulong)(headers + 50)), (after.BytesOut - before.BytesOut, after.BytesBack - before.BytesBack));
        Assert.Equal(way == Went.Straight ? 10UL : 0, place.Straight - straight);
    }

    [Theory]
    [MemberData(nameof(Conditions))]
    public void Whatever_breaks_a_condition_goes_another_way(string name)
    {
        var condition = Condition.All.Single(c => c.Name == name);
        using var place = new CutPlace(shop: shop);
        Assert.Equal(Went.Straight, place.Play(place.Data()));
        Assert.Equal(condition.Went, Broken(place, condition));
    }

    [Fact]
    [Trait("long", "short-cut-faults")]
    public void A_program_without_a_condition_is_found()
    {
        var evidence = new Evidence("short-cut-faults");
        var conditions = Condition.All.Where(c => c.Text is not "").DistinctBy(c => (c.Text, c.With)).ToArray();
        evidence.Batches(brief: 3, full: conditions.Length, batch: 1, (first, count) =>
        {
            foreach (var condition in conditions.Skip(first).Take(count)) Assert.Equal((condition.Name, Went.Straight), (condition.Name, Without(condition)));
            return [("conditions", count), ("found", count)];
        });
    }

    [Fact]
    public void After_a_change_one_packet_of_each_connection_is_looked_at_by_both_hooks_then_it_goes_straight_again()
    {
        using var place = new CutPlace(shop: shop);
        place.World.Kernel.Control.BumpTopology();
        Assert.Equal((Went.ByBridge, Went.Straight, Went.Straight), (place.Play(place.Data()), place.Play(place.Data()), place.Play(place.Data(back: true))));
    }

    [Fact]
    public void A_change_between_the_hooks_gives_no_stamp()
    {
        using var place = new CutPlace(shop: shop);
        place.World.Kernel.Control.BumpTopology();
        var packet = place.Data();
        Assert.Equal(Went.ByBridge, place.Leave(packet));
        place.World.Kernel.Control.BumpTopology();
        Assert.True(place.Arrive(packet));
        Assert.Equal(Went.ByBridge, place.Play(place.Data() with { Seq = packet.Seq + 8 }));
    }

    [Fact]
    public void What_only_to_vm_has_seen_gives_no_stamp()
    {
        using var place = new CutPlace(shop: shop);
        place.World.Kernel.Control.BumpTopology();
        var packet = place.Data();
        Assert.True(place.Arrive(packet));
        Assert.Equal(Went.ByBridge, place.Play(packet));
    }

    [Fact]
    public void One_packet_in_ten_seconds_takes_the_bridge()
    {
        using var place = new CutPlace(shop: shop);
        place.ChangeWay("web", w => w with { BridgedMs = w.BridgedMs - 11_000 });
        Assert.Equal((Went.ByBridge, Went.Straight, Went.Straight), (place.Play(place.Data()), place.Play(place.Data()), place.Play(place.Data())));
    }

    [Fact]
    public void A_frame_that_is_dropped_is_none_that_took_the_bridge()
    {
        using var place = new CutPlace(shop: shop);
        place.ChangeWay("web", w => w with { BridgedMs = w.BridgedMs - 11_000 });
        var refused = place.Data() with { DestinationPort = 79, Flags = Tcp.Syn, Data = 0 };
        Assert.Equal(Went.Nowhere, place.Leave(refused));
        Assert.Equal((Went.ByBridge, Went.Straight), (place.Play(place.Data()), place.Play(place.Data())));
    }

    [Fact]
    public void A_VM_that_speaks_from_outside_is_not_sent_to_its_old_tap()
    {
        using var place = new CutPlace(shop: shop);
        Assert.Equal(Went.Straight, place.Play(place.Data()));
        Assert.True(place.Arrive(place.Data(back: true)));
        Assert.Equal(Went.ByBridge, place.Leave(place.Data()));
    }

    [Fact]
    public void To_vm_takes_the_packet_that_was_sent_and_no_other_and_only_once()
    {
        using var place = new CutPlace(shop: shop);
        var packet = place.Data();
        Assert.Equal(Went.Straight, place.Leave(packet));
        Assert.Equal(0UL, Judged(place, packet));
        Assert.Equal(1UL, Judged(place, packet));
        foreach (var other in (Packet[])[packet with { Seq = packet.Seq + 8, Data = 4 }, packet with { Seq = packet.Seq + 8, Id = 9 },
            packet with { Seq = packet.Seq + 8, Window = packet.Window - 1 }, packet with { Seq = packet.Seq + 8, Flags = Tcp.Ack | Tcp.Psh }, packet with { Seq = packet.Seq + 8, SourceMac = Shop.Router }])
        {
            // What was judged came from outside, as to_vm sees it: both hooks must look again first.
            Assert.Equal(Went.ByBridge, place.Play(place.Data()));
            Assert.Equal(Went.Straight, place.Leave(packet with { Seq = packet.Seq + 8 }));
            Assert.Equal(1UL, Judged(place, other));
        }
    }

    [Fact]
    public void A_note_that_nobody_took_is_gone_with_the_next_packet_that_leaves_and_with_a_change()
    {
        using var place = new CutPlace(shop: shop);
        var packet = place.Data();
        Assert.Equal(Went.Straight, place.Leave(packet));
        Assert.Equal(Went.ByBridge, place.Leave(place.Data() with { Flags = Tcp.Fin | Tcp.Ack }));
        Assert.Equal(1UL, Judged(place, packet));
        Assert.Equal(Went.ByBridge, place.Play(place.Data()));
        Assert.Equal(Went.Straight, place.Leave(packet));
        place.World.Kernel.Control.BumpTopology();
        Assert.Equal(1UL, Judged(place, packet));
    }

    [Fact]
    public void A_note_ends_by_itself()
    {
        using var place = new CutPlace(shop: shop);
        var packet = place.Data();
        Assert.Equal(Went.Straight, place.Leave(packet));
        Thread.Sleep(80);
        Assert.Equal(1UL, Judged(place, packet));
    }

    [Theory]
    [InlineData(67)]
    [InlineData(68)]
    [InlineData(546)]
    [InlineData(547)]
    public void DHCP_ports_do_not_go_straight(int port)
    {
        using var place = new CutPlace(proto: Protocols.Udp, sourcePort: port, shop: shop);
        Assert.NotEqual(Went.Straight, place.Play(place.Data()));
    }

    [Fact]
    public void The_agent_writes_ways_only_when_they_change()
    {
        using var place = new CutPlace(shop: shop);
        var (control, cut) = (place.World.Kernel.Control, place.World.Kernel.ShortCut);
        var (web, db) = (place.World["web"], place.World["db"]);
        var before = control.Topology;
        Assert.False(cut.Set([Way.Of(db.Ifindex, db.Record, CutPlace.Domain, 1500), Way.Of(web.Ifindex, web.Record, CutPlace.Domain, 1500)]));
        Assert.Equal(before, control.Topology);
        Assert.Equal(Went.Straight, place.Play(place.Data()));
        Assert.True(cut.Set([Way.Of(web.Ifindex, web.Record, CutPlace.Domain, 1500)]));
        Assert.Equal(before + 2, control.Topology);
        for (var i = 0; i < 3; i++) Assert.Equal(Went.ByBridge, place.Play(place.Data()));
    }

    // Where the packet goes that the condition would have kept on the bridge.
    private static Went Without(Condition condition)
    {
        var source = File.ReadAllText(Path.Combine(KernelObject.Repository, "datapath", condition.File));
        Assert.Equal(1, source.Split(condition.Text).Length - 1);
        var folder = Directory.CreateTempSubdirectory("merlon-cut").FullName;
        try
        {
            using var place = new CutPlace(new Fault("short-cut", condition.Name, condition.File, condition.Text, condition.With, default).Build(Path.Combine(folder, "s")));
            return Broken(place, condition);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Went Broken(CutPlace place, Condition condition)
    {
        var packet = condition.Change is { } change ? change(place.Data()) : place.Data();
        condition.Break?.Invoke(place);
        return place.Leave(packet) is var went && went == Went.ByBridge && !place.Arrive(packet) ? Went.Nowhere : went;
    }

    // How many packets to_vm counted: one that it takes as sent straight was counted by from_vm.
    private static ulong Judged(CutPlace place, Packet packet)
    {
        var before = place.Entry.PacketsOut;
        Assert.True(place.Arrive(packet));
        return place.Entry.PacketsOut - before;
    }
}
