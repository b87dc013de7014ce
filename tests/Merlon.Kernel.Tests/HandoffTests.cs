using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class HandoffTests : IDisposable
{
    private readonly Shop _shop = new();

    public void Dispose() => _shop.Dispose();

    private ulong Hits => _shop.Kernel.Counters[Counter.HandoffHit];

    private ulong Misses => _shop.Kernel.Counters[Counter.HandoffMiss];

    private const string OnlyIn81 = "tcp/80, udp/80, udp/53";

    [Fact]
    public void A_packet_between_its_hooks_is_judged_by_the_generation_it_met_first()
    {
        var frame = (_shop.WebToDb() with { SourcePort = 2001 }).Bytes();
        Assert.Equal(Outcome.Pass, _shop.Hook("from_vm", _shop.Web, frame));
        _shop.Apply(Shop.Manifest.Replace(OnlyIn81, "udp/81", StringComparison.Ordinal));
        Assert.Equal(Outcome.Pass, _shop.Hook("to_vm", _shop.Db, frame));
        // The next one meets the new generation at both hooks.
        Assert.Equal(new(false, "from_vm", Reason.Revoked), _shop.Send(frame, _shop.Web.Mac, _shop.Db.Mac));
    }

    [Fact]
    public void A_generation_that_is_gone_gives_way_to_the_present_one()
    {
        var frame = (_shop.WebToDb() with { SourcePort = 2002 }).Bytes();
        Assert.Equal(Outcome.Pass, _shop.Hook("from_vm", _shop.Web, frame));
        _shop.Apply(Shop.Manifest);
        _shop.Apply(Shop.Manifest.Replace(OnlyIn81, "udp/81", StringComparison.Ordinal));
        Assert.Equal(new(false, "to_vm", Reason.Default), _shop.Hook("to_vm", _shop.Db, frame));
    }

    // Classes are numbers of one generation: web's of an old one may be anybody's in the present one.
    [Fact]
    public void A_record_of_a_generation_that_is_gone_names_nobody()
    {
        for (var strangers = 1; strangers <= 6; strangers++)
        {
            var frame = (_shop.WebToDb() with { SourcePort = 2100 + strangers }).Bytes();
            _shop.Apply(Shop.Manifest);
            Assert.Equal(Outcome.Pass, _shop.Hook("from_vm", _shop.Web, frame));
            _shop.Apply(Shop.Manifest);
            var rules = Enumerable.Range(1, strangers).Select(i => $"- {{name: r{i}, from: [cidr/198.51.{i}.0/24], to: [vm/db], services: [udp/80, udp/{1000 + i}], action: allow}}");
            _shop.Apply(Shop.Manifest[..Shop.Manifest.IndexOf("- {name: web-db", StringComparison.Ordinal)] + string.Join("\n  ", rules));
            Assert.Equal(new(false, "to_vm", Reason.Default), _shop.Hook("to_vm", _shop.Db, frame));
        }
    }

    [Fact]
    public void The_record_is_consumed_once()
    {
        var frame = (_shop.WebToDb() with { SourcePort = 2003 }).Bytes();
        _shop.Hook("from_vm", _shop.Web, frame);
        var (hits, misses) = (Hits, Misses);
        _shop.Hook("to_vm", _shop.Db, frame);
        _shop.Hook("to_vm", _shop.Db, frame);
        Assert.Equal((hits + 1, misses), (Hits, Misses));
    }

    [Fact]
    public void Another_packet_another_port_or_another_incarnation_finds_none()
    {
        var packet = _shop.WebToDb() with { SourcePort = 2004 };
        foreach (var other in (Packet[])[packet with { Id = 2 }, packet with { Data = 1 }, packet with { SourcePort = 2005 }])
        {
            _shop.Hook("from_vm", _shop.Web, packet.Bytes());
            var misses = Misses;
            _shop.Hook("to_vm", _shop.Db, other.Bytes());
            Assert.Equal(misses + 1, Misses);
        }
        _shop.Hook("from_vm", _shop.Web, packet.Bytes());
        _shop.ChangePort("db", p => p with { Incarnation = 8 });
        var before = Misses;
        _shop.Hook("to_vm", _shop.Db, packet.Bytes());
        Assert.Equal(before + 1, Misses);
    }

    [Fact]
    public void A_packet_that_was_dropped_leaves_no_record()
    {
        _shop.Hook("from_vm", _shop.Web, (_shop.WebToDb() with { SourcePort = 2006 }).Bytes());
        _shop.Hook("from_vm", _shop.Web, (_shop.WebToDb() with { SourcePort = 2006, DestinationPort = 9 }).Bytes());
        var (hits, misses) = (Hits, Misses);
        _shop.Hook("to_vm", _shop.Db, (_shop.WebToDb() with { SourcePort = 2006 }).Bytes());
        Assert.Equal((hits, misses), (Hits, Misses));
    }
}
