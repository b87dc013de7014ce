using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>A rule change is atomic: old ruleset or new, never out by one and in by the other.</summary>
[Collection(Alone.Name)]
public class AtomicSwapTests
{
    private const int Port1 = 7001, Port2 = 7002;

    /// <summary>Some 20 µs between the two hooks: most flips meet a packet there.</summary>
    private const int FilterRules = 500;

    /// <summary>Revision A lets only port 1 out and only port 2 in, revision B the reverse: neither lets anything pass, so
    /// every delivered datagram was judged by a mixture.</summary>
    [Fact, Trait("long", "swap-cross")]
    public void No_packet_is_judged_by_two_revisions() => new Evidence("swap-cross").Batches(brief: 20, full: 1000, batch: 100, (_, applies) =>
    {
        var run = Run(applies, i => i % 2 == 0 ? Manifests.OutIn(Port1, Port2) : Manifests.OutIn(Port2, Port1));
        Assert.Equal(0, run.Port1 + run.Port2);
        AssertInFlight(run);
        return [.. Common(run), ("mixtures", run.Port1 + run.Port2)];
    });

    /// <summary>Revision A passes only port 1, revision B only port 2, at both ends: of a pair sent within one revision
    /// exactly one arrives.</summary>
    [Fact, Trait("long", "swap-pairs")]
    public void Of_each_pair_within_one_revision_exactly_one_arrives() => new Evidence("swap-pairs").Batches(brief: 20, full: 1000, batch: 100, (_, applies) =>
    {
        var run = Run(applies, i => i % 2 == 0 ? Manifests.OutIn(Port1, Port1) : Manifests.OutIn(Port2, Port2));
        Assert.True(run.Port1 > 0 && run.Port2 > 0);
        Assert.Equal(0, run.Wrong);
        AssertInFlight(run);
        return [.. Common(run), ("stablePairs", run.Stable), ("bothOrNeither", run.Wrong)];
    });

    /// <summary>The control: with the handoff switched off the same traffic shows mixtures, so the test can fail.</summary>
    [Fact]
    public void Without_the_handoff_mixtures_are_seen()
    {
        var run = Run(100, i => i % 2 == 0 ? Manifests.OutIn(Port1, Port2) : Manifests.OutIn(Port2, Port1), handoff: false, until: r => r > 0);
        Console.WriteLine($"control without handoff: {run.Port1 + run.Port2} mixtures in {run.Applies} applies");
        Assert.True(run.Port1 + run.Port2 > 0, "no mixture in 100 applies: the traffic never met a flip");
    }

    private sealed record Result(int Applies, long Sent, int Port1, int Port2, int Stable, int Wrong, int InFlight);

    private static void AssertInFlight(Result run) =>
        Assert.True(run.InFlight >= run.Applies * 9 / 10, $"packets in flight in {run.InFlight} of {run.Applies} flips");

    private static IEnumerable<(string Key, long Count)> Common(Result run) =>
        [("applies", run.Applies), ("sent", run.Sent), ("flipsWithPacketsInFlight", run.InFlight)];

    private static Result Run(int applies, Func<int, string> revision, bool handoff = true, Func<int, bool>? until = null)
    {
        using var host = new TestHost();
        var a = host.AddGuest("a");
        var b = host.AddGuest("b");
        LongWay(host.Host);
        host.Start();
        host.Product.Apply(Manifests.Frame);
        host.Product.Attach(a, "shop");
        host.Product.Attach(b, "shop");
        host.Product.Apply(revision(0));
        using var control = new KernelControl(host.Product.Paths.Bpf);
        if (!handoff) control.DisableHandoff();
        using var one = new UdpCounter(b, Port1);
        using var two = new UdpCounter(b, Port2);
        using var pairs = new PairSenders(a, b.Ip4, Port1, Port2, control);
        var done = 0;
        for (; done < applies; done++)
        {
            if (until is not null && until(one.Seen().Count + two.Seen().Count)) break;
            Flip(host.Product, control, revision(done + 1));
        }
        pairs.Stop();
        Thread.Sleep(300);
        return Count(pairs, one.Seen(), two.Seen(), done);
    }

    /// <summary>Another filter in the bridge, which drops nothing and takes its time.</summary>
    private static void LongWay(NetNamespace host)
    {
        var rules = Enumerable.Range(0, FilterRules).Select(n => FormattableString.Invariant($"ether saddr 02:00:00:00:{n >> 8:x2}:{n & 255:x2} drop\n"));
        var table = $"table bridge longway {{\nchain forward {{\ntype filter hook forward priority 0\n{string.Concat(rules)}}}\n}}\n";
        Shell.Run("nsenter", $"--net={host.Path}", "nft", table).Ok();
    }

    // Back to back: the next apply begins as soon as the kernel has this one.
    private static void Flip(Product product, KernelControl control, string revision)
    {
        var before = control.Generation;
        product.Cli("apply", "-f", product.WriteManifest(revision)).Ok();
        if (!SpinWait.SpinUntil(() => control.Generation != before, TimeSpan.FromSeconds(20))) throw new TimeoutException("the kernel never got the revision");
    }

    private static Result Count(PairSenders pairs, HashSet<long> one, HashSet<long> two, int applies)
    {
        var stable = pairs.Stable();
        var wrong = stable.Count(n => one.Contains(n) == two.Contains(n));
        return new(applies, pairs.Sent, one.Count, two.Count, stable.Count, wrong, pairs.Met());
    }
}
