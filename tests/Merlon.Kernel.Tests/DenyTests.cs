using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class DenyTests : IDisposable
{
    private readonly Shop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public void The_first_denied_packet_is_told_at_once_and_the_rest_exactly()
    {
        var packet = _shop.WebToDb() with { DestinationPort = 9, Data = 72 };
        Assert.False(_shop.Flood("from_vm", _shop.Web, packet.Bytes(), 1000));
        var all = _shop.Events();
        var first = Assert.Single(all, e => e.Flags == EventFlags.None);
        Assert.Equal((EventType.Deny, Reason.Default, 1UL, 100UL), (first.Type, first.Reason, first.Packets[0], first.Bytes[0]));
        _shop.WaitForTimer(9);
        var rest = all.Concat(_shop.Events()).Where(e => e.Flags != EventFlags.None).ToArray();
        Assert.All(rest, e => Assert.Equal(EventFlags.Summary, e.Flags));
        Assert.InRange(rest.Length, 1, 3);
        Assert.Equal((999UL, 99900UL), (rest.Aggregate(0UL, (n, e) => n + e.Packets[0]), rest.Aggregate(0UL, (n, e) => n + e.Bytes[0])));
        Assert.Equal((_shop.Web.V4, _shop.Db.V4, 9), (rest[0].Source.ToAddress(), rest[0].Destination.ToAddress(), rest[0].DestinationPort));
        Assert.Equal((_shop.Web.Record.Vnic, _shop.Db.Record.Vnic), (rest[0].SourceVnic, rest[0].DestinationVnic));
        Assert.True(rest[0].CreatedNs < rest[0].TimeNs);
    }

    [Fact]
    public void A_full_ring_delays_what_is_counted_and_loses_only_what_it_counts_as_lost()
    {
        using var shop = new World(Shop.Manifest, new("", "", 4096, 4096, 1024, RingBytes: 4096));
        var packet = shop.WebToDb();
        for (var port = 1000; port < 1060; port++) shop.Flood("from_vm", shop["web"], (packet with { DestinationPort = port }).Bytes(), 10);
        shop.WaitForTimer(9);
        var events = shop.Events();
        for (var i = 0; i < 6; i++)
        {
            shop.WaitForTimer(4);
            events.AddRange(shop.Events());
        }
        var lost = shop.Kernel.Counters[Counter.EventsLost];
        Assert.InRange(lost, 1UL, 59UL);
        Assert.Equal(600UL, lost + events.Aggregate(0UL, (n, e) => n + e.Packets[0]));
    }

    [Fact]
    public void Many_keys_are_many_records_until_the_table_is_full_and_then_counted_as_lost()
    {
        const int keys = 20000;
        for (var i = 0; i < keys; i++)
            _shop.Flood("from_vm", _shop.Web, (_shop.WebToDb() with { DestinationPort = 1000 + i, Proto = i % 2 == 0 ? 17 : 132 }).Bytes());
        var counters = _shop.Kernel.Counters;
        var told = (ulong)_shop.Events().Count(e => e.Type == EventType.Deny);
        Assert.True(counters[Counter.DeniesLost] > 0);
        Assert.Equal((ulong)keys, told + counters[Counter.DeniesLost] + counters[Counter.EventsLost]);
        Assert.Equal((ulong)keys, counters.Drops(Reason.Default));
    }

    [Fact]
    public void A_record_that_stays_idle_is_forgotten_and_the_next_packet_is_told_at_once()
    {
        var packet = _shop.WebToDb() with { DestinationPort = 9 };
        _shop.Send(packet);
        Thread.Sleep(13500);
        _shop.Events();
        _shop.Send(packet);
        Assert.Equal(EventFlags.None, Assert.Single(_shop.Events()).Flags);
    }
}
