using System.Diagnostics;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>A member that is removed from a group loses the live connections that its membership allowed.</summary>
[Collection(Alone.Name)]
public class MemberRemovedTests
{
    private const double MostMs = 10;

    /// <summary>The 10 ms count from the agent's commit, the store of the new generation that all hooks read, to the last number
    /// that the receiver got; numbers are sent every 0.5 ms. What comes before the commit is told beside it, part by part.</summary>
    [Fact]
    public void A_member_removed_from_a_group_loses_its_live_connection_within_10_ms_of_the_commit()
    {
        using var host = new TestHost();
        var (a, b, c) = (host.AddGuest("a"), host.AddGuest("b"), host.AddGuest("c"));
        host.Start();
        host.Product.Apply(Manifests.Frame + "---\n" + Manifests.WebToB);
        foreach (var guest in (Guest[])[a, b, c]) host.Product.Attach(guest, "shop", guest == b ? "" : "role=web");
        using var kernel = new KernelControl(host.Product.Paths.Bpf);
        using var agent = new AgentSocket(host.Product.Paths);
        using var stays = new NumberedUdp(c, b, b.Ip4, 7400);
        agent.Label(a, ("role", "web")); // changes nothing: the first round must not time this test's own first request
        var removals = new List<Removal>();
        for (var round = 0; round < 10; round++)
        {
            using var tcp = new NumberedTcp(a, b, b.Ip6, 7300 + round);
            using var udp = new NumberedUdp(a, b, b.Ip4, 7300 + round);
            removals.Add(Remove(host.Product, kernel, () => agent.Label(a), [tcp, udp], stays));
            Give(kernel, () => agent.Label(a, ("role", "web")));
        }
        Thread.Sleep(300);
        Console.WriteLine($"""
            last number received after the commit, at most: {Text(removals.Select(r => r.Last - r.Commit))}
            before it, from the label change: {Text(removals.Select(r => r.Commit))}, of these
              the agent takes the label, on its disk: {Text(removals.Select(r => r.Answered))}
              controller resolves and stores, agent compiles and stores: {Text(removals.Select(r => r.Policy - r.Answered))}
              agent writes its book, prepares ports, waits for a grace period: {Text(removals.Select(r => r.Commit - r.Policy))}
            """);
        Assert.All(removals, r => Assert.True(r.Last - r.Commit <= MostMs, $"a number arrived {r.Last - r.Commit:f1} ms after the commit"));
        Assert.Equal(stays.Sent, stays.Received);
    }

    /// <summary>Milliseconds since the label change was asked for.</summary>
    /// <param name="Answered">The agent has it.</param>
    /// <param name="Policy">The policy that follows from it is on the agent's disk.</param>
    /// <param name="Commit">It is in force: no earlier than the last number that was sent under the generation before.</param>
    /// <param name="Last">The receiver got the last number of the removed member.</param>
    private sealed record Removal(double Answered, double Policy, double Commit, double Last);

    private static Removal Remove(Product product, KernelControl kernel, Action remove, NumberedStream[] live, NumberedStream stays)
    {
        using var pacer = new Pacer(() => kernel.Generation, TimeSpan.FromMilliseconds(0.5), [.. live, stays]);
        Product.Until("numbers", TimeSpan.FromSeconds(10), () => live.All(s => s.Received >= 100));
        var before = kernel.Generation;
        long policy = 0;
        using var files = new FileSystemWatcher(product.Paths.Var, "policy-*.bin");
        files.Renamed += (_, _) => Interlocked.CompareExchange(ref policy, Stopwatch.GetTimestamp(), 0);
        files.EnableRaisingEvents = true;
        var asked = Stopwatch.GetTimestamp();
        remove();
        var answered = Stopwatch.GetTimestamp();
        Product.Until("numbers after the commit", TimeSpan.FromSeconds(10), () => live.All(s => s.Under(before + 1).Sent >= 200));
        foreach (var stream in live) Assert.Equal((stream.Name, 0), (stream.Name, stream.Under(before + 1).Received));
        return new(Ms(asked, answered), Ms(asked, Interlocked.Read(ref policy)),
            Ms(asked, live.Max(s => s.LastSentUnder(before))), Ms(asked, live.Max(s => s.LastReceived().At)));
    }

    private static void Give(KernelControl kernel, Action give)
    {
        var before = kernel.Generation;
        give();
        Product.Until("the member to be back", TimeSpan.FromSeconds(10), () => kernel.Generation != before);
    }

    private static double Ms(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;

    private static string Text(IEnumerable<double> ms)
    {
        var sorted = ms.Order().ToList();
        return $"median {sorted[sorted.Count / 2]:f1} ms, most {sorted[^1]:f1} ms";
    }
}
