using System.Diagnostics;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>With agent and controller dead the kernel goes on by itself: verdicts hold, connections open and live on, and
/// those that are over leave the table.</summary>
public class BothDeadTests
{
    // docs/packet-path.md: an unanswered datagram's; the timer passes each table twice a second and deletes one pass later.
    private static readonly TimeSpan s_life = TimeSpan.FromSeconds(30), s_late = TimeSpan.FromSeconds(3);

    [Fact]
    public void With_both_dead_verdicts_hold_and_entries_expire()
    {
        using var live = new LiveTraffic();
        Product.Kill9(live.Host.Product.Agent);
        Product.Kill9(live.Host.Product.Controller);
        var dead = new Entries(live.Kernel);
        int port;
        using (var sender = live.Unanswered())
        {
            sender.Send(1);
            port = sender.LocalPort;
        }
        var clock = Stopwatch.StartNew();
        Assert.True(live.Kernel.HasElement("half4", port), "the datagram made no entry");
        Assert.Empty(dead.DifferencesIn(new(live.Kernel)));
        Product.Until("the idle entry to leave the map", s_life + s_late, () => !live.Kernel.HasElement("half4", port));
        Assert.True(clock.Elapsed > s_life - s_late, $"the entry left after {clock.Elapsed.TotalSeconds:f1} s");
        Assert.Empty(dead.DifferencesIn(new(live.Kernel)));
        live.Host.Product.StartController();
        live.Host.Product.StartAgent();
        live.Host.Product.WaitReady();
        Console.WriteLine($"both dead for {clock.Elapsed.TotalSeconds:f0} s: {string.Join(", ", live.Finish().Select(c => $"{c.Key} {c.Count}"))}");

        // The control: the comparison sees when an entry is not the same any more.
        var alive = new Entries(live.Kernel);
        live.Host.Product.Cli("detach", live.A.Ifname).Ok();
        live.Host.Product.Cli("detach", live.B.Ifname).Ok();
        Product.Until("entries that no vNIC holds to leave", TimeSpan.FromSeconds(5), () => alive.DifferencesIn(new(live.Kernel)).Any());
    }
}
