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
        evidence.Batches(brief: 60, full: 3600, batch: 1200, (first, seconds) =>
        {
            using var churn = new Churn(first);
            var kernel = churn.Place.World.Kernel;
            var memory = churn.Memory();
            churn.For(TimeSpan.FromSeconds(seconds));
            var (opened, most) = ((long)kernel.Counters[Counter.ConnOpened], churn.Most);
            if (evidence.Long) Thread.Sleep(s_longest + s_slack);
            else Pass(churn);
            Rest(churn, 60);
            churn.Left().Should().BeEmpty();
            opened.Should().Be((long)kernel.Counters[Counter.ConnExpired]);
            churn.Memory().Should().Be(memory, "maps are as large as before");
            churn.Connects.Failed.Should().Be(0);
            most.Should().BeGreaterThan(2000, "or nothing was churned");
            return [("frames", churn.Frames), ("connectionsOpened", opened), ("realTcpConnections", churn.Connects.Done), ("dropped", churn.Drops)];
        });
    }

    /// <summary>The control: a program that does not give back what an answered connection was charged for is caught.</summary>
    [Fact]
    public void A_program_that_leaks_is_caught()
    {
        var folder = Directory.CreateTempSubdirectory("merlon-leak-");
        var fault = Fault.ReadAll().Single(f => f.Subject == "limits" && f.Name == "an answer makes no room");
        using var churn = new Churn(1, fault.Build(Path.Combine(folder.FullName, "source")));
        folder.Delete(recursive: true);
        churn.For(TimeSpan.FromSeconds(2));
        Pass(churn);
        Rest(churn, 10);
        churn.Left().Should().Contain(l => l.Contains("is charged", StringComparison.Ordinal));
    }

    private static void Pass(Churn churn)
    {
        using var entries = new EntryMaps(churn.Place.World.Folder);
        entries.Connections(s_longest + s_slack, s_slack);
    }

    // Denies that found the ring full of close events are told when it is read.
    private static void Rest(Churn churn, int passes)
    {
        for (var wait = 0; churn.Left().Any() && wait < passes; wait++)
        {
            churn.Place.World.Events();
            churn.Place.World.WaitForTimer(1);
        }
    }
}
