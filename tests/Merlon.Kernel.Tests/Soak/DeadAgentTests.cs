using System.Diagnostics;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Packets;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests.Soak;

/// <summary>No agent runs: nobody reads events, renews the lease or looks at budgets. Churn of more than three times each table goes through all the same,
/// for the kernel's timer alone gives the places back. `./dev long dead-agent` churns for ten minutes.</summary>
public sealed class DeadAgentTests : IDisposable
{
    private const int Table = 2048, PerSecond = 160, Ports = 50_000;
    // docs/packet-path.md: a reset connection's 5 s; buried in one pass of the timer, deleted in a later one. On a busy machine it rests for up to 4 s.
    private static readonly TimeSpan s_life = TimeSpan.FromSeconds(7), s_longest = TimeSpan.FromSeconds(13), s_overrun = TimeSpan.FromSeconds(12);
    private readonly Shop _shop = new("", new("", "", Table, 1024, Table));
    private int _web, _db, _over, _refusedDb;

    public void Dispose() => _shop.Dispose();

    private ulong Opened => _shop.Kernel.Counters[Counter.ConnOpened];

    private ulong Expired => _shop.Kernel.Counters[Counter.ConnExpired];

    [Fact, Trait("long", "dead-agent")]
    public void Churn_of_three_times_the_tables_goes_through_with_the_agent_dead()
    {
        var evidence = new Evidence("dead-agent").With("unit", "rounds are seconds of churn").With("table", Table);
        evidence.Batches(brief: 40, full: 600, batch: 600, (_, seconds) =>
        {
            var (done, refused, most) = (0, 0, 0);
            var (clock, full, longest) = (Stopwatch.StartNew(), Stopwatch.StartNew(), TimeSpan.Zero);
            for (var n = 0; n < seconds * PerSecond; n++)
            {
                if (Churned()) (done, full) = (done + 1, Stopwatch.StartNew());
                else refused++;
                if (full.Elapsed > longest) longest = full.Elapsed;
                if (n % (PerSecond / 2) == 0) NeighbourOpens();
                if (n % (PerSecond * 5) == 0) most = Math.Max(most, _shop.Kernel.Connections.List().Count);
                // Evenly: what comes at once also goes at once.
                if (n % 32 == 0 && TimeSpan.FromSeconds((double)n / PerSecond) - clock.Elapsed is { Ticks: > 0 } early) Thread.Sleep(early);
            }
            Assert.True(done >= 3 * Table, $"{done} is no three times {Table}; {refused} were refused");
            Assert.InRange(longest, TimeSpan.Zero, s_longest);
            Assert.InRange(most, Table / 2, 4 * Table);

            // As fast as it can: the table is full, and does not stay so. The neighbour has its share all the time.
            var over = Overrun(s_overrun);
            Assert.True(over.Refused > 0 && over.Passed > Table, $"{over}");
            Assert.Equal((0, 0UL), (_refusedDb, Account(_shop.Db)));
            Thread.Sleep(s_longest);
            Assert.True(Churned(), "the table stayed full");
            Thread.Sleep(s_life);
            _shop.WaitForTimer();
            Assert.Empty(_shop.Kernel.Connections.List());
            AccountTests.AssertNothingIsCharged(_shop);
            Assert.Equal(Opened, Expired);
            Assert.Equal(Refused, Account(_shop.Web));
            return [("connectionsOpened", (long)Opened), ("expired", (long)Expired), ("timesEachTable", done / Table), ("mostAtOnce", most), ("refused", refused), ("longestFullMs", (long)longest.TotalMilliseconds),
                ("overrunPassed", over.Passed), ("overrunRefused", over.Refused), ("neighbourOpened", _db - _refusedDb), ("neighbourRefused", _refusedDb), ("eventsLost", (long)_shop.Kernel.Counters[Counter.EventsLost])];
        });
    }

    /// <summary>The control: with the timer ended what filled the table stays.</summary>
    [Fact]
    public void Without_the_timer_the_table_stays_full()
    {
        _shop.EndTimer();
        Assert.InRange(Overrun(TimeSpan.FromSeconds(1)).Refused, 1, int.MaxValue);
        Thread.Sleep(s_life);
        Assert.False(Churned());
        Assert.Equal(0UL, Expired);
    }

    private ulong Refused => _shop.Kernel.Counters.Drops(Reason.TableFull);

    private ulong Account(Port port) => _shop.Kernel.Budgets.Get(port.Record.Vm).RefusedTable;

    // One connection of web's in each table, of each version one that a reset answers and one that a reset ends.
    private bool Churned()
    {
        var passed = true;
        foreach (var v6 in new[] { false, true })
        {
            var packet = _shop.WebToOutside(v6);
            passed &= Answered(packet, 1024 + _web % Ports);
            passed &= Ended(packet with { Destination = Other(packet.Destination) }, 1024 + _web % Ports);
        }
        _web++;
        return passed;
    }

    private void NeighbourOpens()
    {
        var packet = _shop.OutsideToDb(_db % 4 == 0);
        if (!Answered(packet, 1024 + _db++ % Ports)) _refusedDb++;
        if (!Ended(packet, 1024 + _db++ % Ports)) _refusedDb++;
    }

    // Half-open to its end.
    private bool Answered(Packet packet, int port)
    {
        var syn = packet with { Proto = Protocols.Tcp, SourcePort = port, Flags = Tcp.Syn, Seq = 1000 };
        return _shop.Send(syn).Passed && _shop.Send(syn.Back() with { Flags = Tcp.Rst | Tcp.Ack, Seq = 0, Ack = 1001 }).Passed;
    }

    private bool Ended(Packet packet, int port)
    {
        var talk = new Talk(_shop, packet, port);
        return talk.Client(Tcp.Syn).Passed && talk.Server(Tcp.SynAck).Passed && talk.Client(Tcp.Ack).Passed && talk.Client(Tcp.Rst).Passed;
    }

    private static Address Other(Address outside, int next = 1) => outside with { Bits = outside.Bits + (UInt128)next };

    // Without a pause, by turns half-open ones and others. Before it one VM alone may have a whole table, of which a pool would keep half from it.
    private (int Passed, int Refused) Overrun(TimeSpan time)
    {
        _shop.Kernel.Budgets.KeepShares(2);
        var (passed, refused, neighbours) = (0, 0, 0);
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < time; _over++)
        {
            var packet = _shop.WebToOutside() with { Destination = Other(Shop.OutsideV4, 2 + _over / Ports % 200) };
            if (_over % 2 == 0 ? Answered(packet, 1024 + _over % Ports) : Ended(packet, 1024 + _over % Ports)) passed++;
            else refused++;
            if (clock.Elapsed.TotalSeconds * 2 < neighbours) continue;
            neighbours++;
            NeighbourOpens();
        }
        return (passed, refused);
    }
}
