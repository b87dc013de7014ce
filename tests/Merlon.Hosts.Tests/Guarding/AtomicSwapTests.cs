using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>A rule change is atomic: old ruleset or new, never out by one and in by the other.</summary>
public class AtomicSwapTests
{
    private const int Port1 = 7001, Port2 = 7002;

    /// <summary>Revision A lets only port 1 out and only port 2 in, revision B the reverse: neither lets anything pass, so
    /// every delivered datagram was judged by a mixture.</summary>
    [Fact, Trait("long", "swap-cross")]
    public void No_packet_is_judged_by_two_revisions()
    {
        var evidence = new Evidence("swap-cross");
        var run = Run(evidence.Rounds(60, 1000), i => i % 2 == 0 ? Manifests.OutIn(Port1, Port2) : Manifests.OutIn(Port2, Port1));
        evidence.With("applies", run.Applies).With("sent", run.Sent).With("mixtures", run.Port1 + run.Port2)
            .With("flipsWithPacketsInFlight", run.InFlight).Write();
        Assert.True(run.InFlight >= run.Applies * 9 / 10, $"packets in flight in {run.InFlight} of {run.Applies} flips");
        Assert.Equal(0, run.Port1 + run.Port2);
    }

    /// <summary>Revision A passes only port 1, revision B only port 2, at both ends: of a pair sent within one revision
    /// exactly one arrives.</summary>
    [Fact, Trait("long", "swap-pairs")]
    public void Of_each_pair_within_one_revision_exactly_one_arrives()
    {
        var evidence = new Evidence("swap-pairs");
        var run = Run(evidence.Rounds(60, 1000), i => i % 2 == 0 ? Manifests.OutIn(Port1, Port1) : Manifests.OutIn(Port2, Port2));
        evidence.With("applies", run.Applies).With("sent", run.Sent).With("stablePairs", run.Stable)
            .With("bothOrNeither", run.Wrong).With("flipsWithPacketsInFlight", run.InFlight).Write();
        Assert.True(run.Port1 > 0 && run.Port2 > 0);
        Assert.Equal(0, run.Wrong);
    }

    /// <summary>The control: with the handoff switched off the same traffic shows mixtures, so the test can fail.</summary>
    [Fact]
    public void Without_the_handoff_mixtures_are_seen()
    {
        var run = Run(400, i => i % 2 == 0 ? Manifests.OutIn(Port1, Port2) : Manifests.OutIn(Port2, Port1), handoff: false, until: r => r > 0);
        Console.WriteLine($"control without handoff: {run.Port1 + run.Port2} mixtures in {run.Applies} applies");
        Assert.True(run.Port1 + run.Port2 > 0, "no mixture in 400 applies: the traffic never met a flip");
    }

    private sealed record Result(int Applies, long Sent, int Port1, int Port2, int Stable, int Wrong, int InFlight);

    private static Result Run(int applies, Func<int, string> revision, bool handoff = true, Func<int, bool>? until = null)
    {
        using var host = new TestHost();
        var a = host.AddGuest("a");
        var b = host.AddGuest("b");
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
        var inFlight = 0;
        var done = 0;
        for (; done < applies; done++)
        {
            if (until is not null && until(one.Seen().Count + two.Seen().Count)) break;
            var before = pairs.Sent;
            host.Product.Apply(revision(done + 1));
            if (pairs.Sent > before) inFlight++;
        }
        pairs.Stop();
        Thread.Sleep(300);
        return Count(pairs, one.Seen(), two.Seen(), done, inFlight);
    }

    private static Result Count(PairSenders pairs, HashSet<long> one, HashSet<long> two, int applies, int inFlight)
    {
        var stable = pairs.Stable();
        var wrong = stable.Count(n => one.Contains(n) == two.Contains(n));
        return new(applies, pairs.Sent, one.Count, two.Count, stable.Count, wrong, inFlight);
    }
}
