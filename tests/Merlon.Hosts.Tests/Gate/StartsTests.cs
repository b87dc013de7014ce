using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Gate;

/// <summary>Many starts of VMs that flood from their first moment, and what the gate adds to the time that virsh takes.</summary>
[Collection(Alone.Name)]
public sealed class StartsTests
{
    private const int AtATime = 2;

    [Fact, Trait("long", "starts")]
    public void Fifty_starts_let_no_frame_pass()
    {
        var evidence = new Evidence("starts");
        Assert.SkipUnless(evidence.Long, "StartGateTests does it a few times; this is ./dev long starts");
        evidence.Batches(brief: 2, full: 50, batch: 10, Run);
    }

    [Fact, Trait("long", "start-time")]
    public void The_gate_adds_little_to_the_time_that_virsh_takes()
    {
        var evidence = new Evidence("start-time");
        Assert.SkipUnless(evidence.Long, "this is ./dev long start-time");
        using var host = new GateHost();
        var guest = host.Define("timed");
        host.Product.StartController();
        host.Product.StartAgent();
        host.Product.WaitReady();
        host.Product.Apply(StartGateTests.Guards);
        foreach (var agent in new[] { "agent", "no agent" })
        {
            // One after the other, so that both meet the same machine.
            List<double> with = [], without = [];
            for (var i = 0; i < 15; i++)
            {
                host.InstallHook();
                with.Add(Time(host, guest));
                host.RemoveHook();
                without.Add(Time(host, guest));
            }
            var added = Median(with) - Median(without);
            evidence.With($"{agent}: median ms with the gate", Math.Round(Median(with))).With($"{agent}: median ms without", Math.Round(Median(without)));
            Console.WriteLine($"{agent}: the gate adds {added:f0} ms");
            Assert.True(added <= 100, $"{agent}: the gate adds {added:f0} ms");
            Product.Kill9(host.Product.Agent);
        }
        evidence.Write();
    }

    private static IEnumerable<(string Key, long Count)> Run(int first, int rounds)
    {
        using var host = new GateHost();
        host.InstallHook();
        var guests = Enumerable.Range(0, AtATime).Select(n => host.Define($"flood-{n}")).ToList();
        host.Product.StartController();
        host.Product.StartAgent();
        host.Product.WaitReady();
        host.Product.Apply(StartGateTests.Guards);
        long sent = 0;
        for (var done = 0; done < rounds; done += AtATime)
        {
            foreach (var guest in guests) host.Start(guest);
            GateHost.Flooded(TimeSpan.FromSeconds(90), guests);
            foreach (var guest in guests)
            {
                Assert.Equal((guest.Name, 0, 0), (guest.Name, host.GotOut(guest), guest.Said()!.Value.Got));
                sent += guest.Said()!.Value.Sent;
                host.End(guest);
            }
        }
        return [("sent", sent), ("passed", 0)];
    }

    private static double Time(GateHost host, FloodGuest guest)
    {
        var time = host.Start(guest).TotalMilliseconds;
        host.End(guest);
        return time;
    }

    private static double Median(IEnumerable<double> times) => times.Order().ElementAt(times.Count() / 2);
}
