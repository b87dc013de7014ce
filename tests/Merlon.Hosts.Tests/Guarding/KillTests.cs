using System.Diagnostics;
using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>SIGKILL of agent and controller while swaps, event batches and attaches are in progress: the kernel goes on.</summary>
[Collection(Alone.Name)]
public class KillTests
{
    [Fact, Trait("long", "kill-agent")]
    public void Killing_the_agent_loses_no_byte_no_entry_and_no_verdict() =>
        new Evidence("kill-agent").Batches(brief: 4, full: 50, batch: 10,
            (first, rounds) => Run(first, rounds, product => product.Agent, product => product.StartAgent()));

    [Fact, Trait("long", "kill-controller")]
    public void Killing_the_controller_loses_no_byte_no_entry_and_no_verdict() =>
        new Evidence("kill-controller").Batches(brief: 4, full: 50, batch: 10,
            (first, rounds) => Run(first, rounds, product => product.Controller, product => product.StartController()));

    private static IEnumerable<(string Key, long Count)> Run(int first, int rounds, Func<Product, Process?> victim, Action<Product> start)
    {
        using var live = new LiveTraffic();
        var product = live.Host.Product;
        var moments = new Moments(live, () => victim(product));
        long compared = 0;
        for (int round = first, tries = 1; round < first + rounds;)
        {
            var listed = new ListedConnections(product);
            var before = new Entries(live.Kernel);
            var clock = Stopwatch.StartNew();
            var afterwards = moments.Kill(round);
            Assert.Empty(before.DifferencesIn(new(live.Kernel)));
            start(product);
            WaitForBoth(product);
            afterwards();
            WaitForBoth(product);
            Assert.Empty(listed.DifferencesIn(new(product)));
            Assert.Empty(before.DifferencesIn(new(live.Kernel)));
            live.Touch();
            compared += before.Count;
            Console.WriteLine($"round {round}: {before.Count} entries the same, {clock.Elapsed.TotalSeconds:f1} s");
            // A moment of some milliseconds that was missed is waited for again.
            (round, tries) = moments.Struck || tries == 4 ? (round + 1, 1) : (round, tries + 1);
        }
        if (rounds >= 8) Assert.All(moments.Hits, hit => Assert.True(hit.Count > 0, $"{hit.Key}: never in {rounds} rounds"));
        return [.. live.Finish(), .. moments.Hits, ("entriesCompared", compared)];
    }

    // Not for a status without alarms: those of the time between go by themselves, later.
    private static void WaitForBoth(Product product) => Product.Until("agent and controller to be one again", TimeSpan.FromSeconds(60), () =>
        product.Cli("status", "-o", "json") is { Code: 0, Out: var text }
        && JsonSerializer.Deserialize(text, ApiJson.Default.StatusRecord) is { Hosts: [{ Connected: true, Error: null } host] } status
        && host.SequenceApplied == status.Sequence);
}
