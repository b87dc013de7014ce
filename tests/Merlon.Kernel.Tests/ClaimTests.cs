using System.Diagnostics;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Events;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>How many claims are told, and that the rest is counted. What is a claim: packet cases learn.</summary>
public sealed class ClaimTests : IDisposable
{
    private static readonly Address s_new = Address.Parse("10.0.0.77");
    private readonly Shop _shop = new();
    private readonly ClaimReader _claims;
    private readonly ulong _heldBefore;

    public ClaimTests()
    {
        _claims = _shop.Kernel.OpenClaims();
        foreach (var vm in (string[])["web", "db"]) _shop.ChangePort(vm, p => p with { Flags = p.Flags | PortFlags.LearnArp });
        Told();
        _heldBefore = _shop.Kernel.Counters[Counter.ClaimsHeld];
    }

    public void Dispose()
    {
        _claims.Dispose();
        _shop.Dispose();
    }

    [Fact]
    public void Of_a_flood_a_few_are_told_the_rest_is_counted_and_nobody_else_is_held()
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 50; i++) Speak(_shop.Web, 100);
        var web = Told();
        Assert.InRange(web.Count, 8, 8 + (int)clock.Elapsed.TotalSeconds * 4 + 5);
        Assert.Equal(5000UL, (ulong)web.Count + Held);
        Assert.All(web, c => Assert.Equal((_shop.Web.Record.Vnic, s_new), (c.Vnic, c.Address.ToAddress())));
        Speak(_shop.Db, 1);
        Assert.Equal(_shop.Db.Record.Vnic, Assert.Single(Told()).Vnic);
    }

    [Fact]
    public void Claims_that_find_the_ring_full_are_counted()
    {
        // Each time another vNIC of the slot: it may speak at once.
        const int Rounds = 200;
        for (var i = 0; i < Rounds; i++)
        {
            _shop.ChangePort("web", p => p with { Vnic = p.Vnic + 1000 });
            Speak(_shop.Web, 8);
        }
        var told = Told();
        Assert.InRange(told.Count, 800, 900);
        Assert.Equal(8UL * Rounds, (ulong)told.Count + Held);
        Speak(_shop.Db, 1);
        Assert.Single(Told());
    }

    private ulong Held => _shop.Kernel.Counters[Counter.ClaimsHeld] - _heldBefore;

    private void Speak(Port vm, int times) =>
        Assert.False(_shop.Flood("from_vm", vm, Neighbour.Arp(vm.Mac, s_new, s_new), times));

    private List<ClaimRecord> Told()
    {
        var (all, some) = (new List<ClaimRecord>(), new ClaimRecord[64]);
        for (int n; (n = _claims.Drain(some)) > 0;) all.AddRange(some.AsSpan(0, n));
        return all;
    }
}
