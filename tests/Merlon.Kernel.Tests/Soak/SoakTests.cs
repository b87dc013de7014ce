using System.Diagnostics;
using AwesomeAssertions;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Packets;
using Xunit;

namespace Merlon.Kernel.Tests.Soak;

/// <summary>Mixed churn at a high rate, and then nothing: every entry, budget and deny record goes, and no memory stays.
/// `./dev long soak` churns for an hour and waits for the real timeouts.</summary>
public sealed class SoakTests
{
    // An answered datagram's, the longest that the churn leaves behind.
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(180), s_slack = TimeSpan.FromSeconds(5);

    [Fact, Trait("long", "soak")]
    public void After_the_churn_nothing_is_left()
    {
        var evidence = new Evidence("soak").With("unit", "rounds are seconds of churn");
        evidence.Batches(brief: 6, full: 3600, batch: 1200, (first, seconds) =>
        {
            using var churn = new Churn(first);
            var kernel = churn.Place.World.Kernel;
            var memory = churn.Memory();
            var clock = Stopwatch.StartNew();
            while (clock.Elapsed < TimeSpan.FromSeconds(seconds)) churn.Turn();
            churn.Finish();
            var (opened, most) = ((long)kernel.Counters[Counter.ConnOpened], churn.Most);
            if (evidence.Long) Thread.Sleep(s_longest + s_slack);
            else
            {
                using var entries = new EntryMaps(churn.Place.World.Folder);
                entries.Pass(s_longest + s_slack);
            }
            // Denies that found the ring full of close events are told when it is read.
            for (var wait = 0; churn.Left().Any() && wait < 60; wait++)
            {
                churn.Place.World.Events();
                churn.Place.World.WaitForTimer(1);
            }
            churn.Left().Should().BeEmpty();
            opened.Should().Be((long)kernel.Counters[Counter.ConnExpired]);
            churn.Memory().Should().Be(memory, "maps are as large as before");
            churn.Connects.Failed.Should().Be(0);
            most.Should().BeGreaterThan(2000, "or nothing was churned");
            return [("frames", churn.Frames), ("connectionsOpened", opened), ("realTcpConnections", churn.Connects.Done), ("dropped", churn.Drops)];
        });
    }
}
