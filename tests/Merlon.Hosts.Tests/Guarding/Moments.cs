using System.Diagnostics;
using System.Globalization;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>Kills a part in the middle of something, and tells from what it left whether that is what it died of: a moment
/// that was missed is not counted as hit.</summary>
/// <param name="victim">The part's process now.</param>
public sealed class Moments(LiveTraffic live, Func<Process?> victim)
{
    private readonly Dictionary<string, long> _hits = [];

    public IEnumerable<(string Key, long Count)> Hits => _hits.Select(h => (h.Key, h.Value));

    /// <summary>The last kill was in its moment.</summary>
    public bool Struck { get; private set; }

    private Product Product => live.Host.Product;
    private bool IsAgent => victim() == Product.Agent;

    /// <summary>Returns what is left to do once the part is back.</summary>
    public Action Kill(int round) => (round % 4) switch
    {
        0 => KillBeforeCommit(round),
        1 => KillAfterCommit(round),
        2 => KillInAttach(),
        _ => KillInFlood(),
    };

    // The agent writes the new policy to disk, or has, and the kernel still has the old image.
    private Action KillBeforeCommit(int round)
    {
        var (next, generation) = (Path.Combine(Product.Paths.Var, $"policy-{Newest() + 1}.bin"), live.Kernel.Generation);
        var apply = Apply(round);
        var waited = StrikeAt(() => File.Exists(next + ".new") || File.Exists(next), apply);
        Hit("killedBeforeCommit", IsAgent ? live.Kernel.Generation == generation : waited);
        return apply.Join;
    }

    // The kernel has the new image; the agent has not cleaned up after it (the old policy is still on its disk), and the
    // controller has not told the one who applied.
    private Action KillAfterCommit(int round)
    {
        var (old, generation) = (Path.Combine(Product.Paths.Var, $"policy-{Newest()}.bin"), live.Kernel.Generation);
        var apply = Apply(round);
        var waited = StrikeAt(() => live.Kernel.Generation != generation, apply);
        Hit("killedAfterCommit", IsAgent ? File.Exists(old) : waited);
        return apply.Join;
    }

    // The interface has the program and no policy yet: it is closed.
    private Action KillInAttach()
    {
        var ports = live.Kernel.Ports;
        var guest = live.Host.AddGuest($"extra-{live.Host.Guests}");
        var attach = Do(() => Product.TryAttach(guest, "shop"));
        StrikeAt(() => live.Kernel.Ports != ports, attach);
        Hit("killedInAttach", live.Kernel.ClosedPorts > 0);
        return () =>
        {
            attach.Join();
            Assert.Equal(0, Product.TryAttach(guest, "shop").Code);
        };
    }

    // Events come faster than one batch for each look of the agent.
    private Action KillInFlood()
    {
        using var flood = new DenyFlood(live.A, live.B.Ip4);
        var sent = live.Kernel.EventsSent;
        Product.Until("a flood of events", TimeSpan.FromSeconds(20), () => live.Kernel.EventsSent > sent + 1000);
        sent = live.Kernel.EventsSent;
        Thread.Sleep(20);
        Product.Kill9(victim());
        Hit("killedInFlood", live.Kernel.EventsSent > sent + 50);
        return () => { };
    }

    // Kills as soon as the mark is there, from a thread that nothing delays: the moments last some milliseconds. True = the
    // work that led there was still going on.
    private bool StrikeAt(Func<bool> mark, Thread work)
    {
        var (reached, goes) = (false, false);
        var thread = new Thread(() =>
        {
            Scheduling.BeFirst();
            for (var n = 0; n < 200_000 && !(reached = mark()); n++) Scheduling.Nap();
            goes = work.IsAlive;
            if (reached) Product.Kill9(victim());
        });
        thread.Start();
        thread.Join();
        return reached ? goes : throw new TimeoutException("the moment for the kill never came");
    }

    private Thread Apply(int round) => Do(() => Product.Cli("apply", "-f", Product.WriteManifest(LiveTraffic.Policy(1 + round % 500)), "--wait"));

    private static Thread Do(Action what)
    {
        var thread = new Thread(() => what());
        thread.Start();
        return thread;
    }

    private int Newest() => Directory.GetFiles(Product.Paths.Var, "policy-*.bin").Max(f => int.Parse(Path.GetFileName(f)[7..^4], CultureInfo.InvariantCulture));

    private void Hit(string moment, bool hit)
    {
        Struck = hit;
        _hits[moment] = _hits.GetValueOrDefault(moment) + (hit ? 1 : 0);
        if (!hit) Console.WriteLine($"{moment}: missed");
    }
}
