using System.Globalization;
using System.Text.Json;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Lab;

/// <summary>web-1 moves to and fro between two real libvirt hosts while it and its neighbour send each other what no rule allows: nothing of it
/// arrives, on either host, at any moment. The same count, without a program at the tap, is not zero.</summary>
[Collection(Alone.Name)]
public sealed class MigrationTests
{
    private const int FirstSeed = 6_000_001;
    private const int PerSecond = 500;
    private const int MostPauseMs = 1000;

    [Fact, Trait("long", "migrations")]
    public void A_VM_that_moves_is_guarded_from_its_first_packet_to_its_last_on_each_host()
    {
        var evidence = new Evidence("migrations").With("firstSeed", FirstSeed).With("perSecondEachWay", PerSecond);
        evidence.Batches(brief: 2, full: 20, batch: 4, (first, moves) => Run(first, moves, evidence.Long));
    }

    private static IEnumerable<(string Key, long Count)> Run(int first, int moves, bool whole)
    {
        using var hosts = new TwoHosts();
        hosts.Guard();
        Assert.Equal(("web-1", true), hosts.Status("host-1").Interfaces is [var guarded] ? (guarded.Vm, guarded.Attached) : default);
        hosts.Flood(PerSecond);
        NothingArrived(hosts, "before it moved");
        if (first == 0) Refused(hosts);
        NothingArrived(hosts, "when a host refused it");
        long downtime = 0;
        var before = (Web: hosts.Sent(), Neighbour: hosts.Neighbour.Sent);
        for (var move = 0; move < moves; move++)
        {
            var seed = FirstSeed + first + move;
            Console.WriteLine($"migrations: move {first + move}, seed {seed}");
            Thread.Sleep(new Random(seed).Next(whole ? MostPauseMs : MostPauseMs / 10));
            downtime += Move(hosts);
            NothingArrived(hosts, $"in move {first + move}");
        }
        var sent = (Web: hosts.Sent() - before.Web, Neighbour: hosts.Neighbour.Sent - before.Neighbour);
        NothingArrived(hosts, "after the last move");
        Assert.True(Math.Min(sent.Web, sent.Neighbour) > PerSecond * moves, $"only {sent} packets were sent meanwhile");
        var ungated = whole ? ArrivesUngated(hosts) : 0;
        ArrivesUnguarded(hosts);
        hosts.Dispose();
        Assert.Empty(hosts.Left());
        return [("sent", sent.Web + sent.Neighbour), ("arrived", 0), ("downtimeMs", downtime), ("arrivedWithoutGate", ungated)];
    }

    private static void NothingArrived(TwoHosts hosts, string when)
    {
        var (neighbour, web) = (hosts.Neighbour.Arrived, hosts.Arrived());
        if ((neighbour, web) != (0, 0)) Assert.Fail($"{when}: {neighbour} datagrams came to the neighbour, {web} to web-1; the agents said:\n{hosts.Logs()}");
    }

    /// <summary>One move, and how both hosts look afterwards. Returns how long the VM stood still.</summary>
    private static long Move(TwoHosts hosts)
    {
        var moved = hosts.Ask("lab", "migrate", "web-1");
        var (from, to) = (moved.GetProperty("from").GetString()!, moved.GetProperty("to").GetString()!);
        // It runs there: whatever guards it does so already.
        var guarded = Assert.Single(hosts.Status(to).Interfaces);
        Assert.Equal(("web-1", true, true, null), (guarded.Vm, guarded.Attached, guarded.First, guarded.Problem));
        Assert.DoesNotContain(hosts.Status(to).Alarms, a => a.Code is "no-gate" or "unguardable" or "not-guarding");
        Assert.True(hosts.Probe("web-1", $"tcp {Neighbour.Address} {Neighbour.Served} 16 timeout=10000") is var answer && answer.GetProperty("ok").GetBoolean(), $"on {to}: {answer}");
        Assert.True(hosts.Neighbour.Reaches(TwoHosts.Web, 443), $"web-1 on {to} is not reached");
        NothingIsLeft(hosts, from);
        Product.Until($"the controller says that web-1 is on {to}", TimeSpan.FromSeconds(5), () => Place(hosts) == to);
        return moved.GetProperty("downtimeMs").GetInt64();
    }

    private static string? Place(TwoHosts hosts) => Assert.Single(hosts.Ask("get", "vm", "web-1").EnumerateArray()).GetProperty("host").GetString();

    /// <summary>A destination whose gate refuses: it is said, with its exit code, and the VM goes on where it is.</summary>
    private static void Refused(TwoHosts hosts)
    {
        var hook = hosts.Hook("host-2");
        var gate = File.ReadAllText(hook);
        File.WriteAllText(hook, "#!/bin/sh\n[ \"$2\" != start ] || { echo no room here >&2; exit 1; }\n");
        var said = hosts.Cli("lab", "migrate", "web-1");
        File.WriteAllText(hook, gate);
        Assert.Equal((1, ""), (said.Code, said.Out));
        Assert.Contains("error: web-1 did not move: ", said.Error, StringComparison.Ordinal);
        Assert.Contains("no room here", said.Error, StringComparison.Ordinal);
        Assert.Contains("; it runs on host-1; ", said.Error, StringComparison.Ordinal);
        NothingIsLeft(hosts, "host-2");
    }

    /// <summary>web-1 was all that this host guarded.</summary>
    private static void NothingIsLeft(TwoHosts hosts, string host)
    {
        var links = Path.Combine(hosts.Paths(host).Bpf, "links");
        Product.Until($"nothing is left on {host}", TimeSpan.FromSeconds(5),
            () => hosts.Status(host) is { Attached: 0, Connections: 0, Interfaces.Count: 0 } && Directory.GetFileSystemEntries(links).Length == 0 && Elements(hosts, host) == 0);
    }

    /// <summary>Ports, MACs, addresses and connections in the kernel.</summary>
    private static int Elements(TwoHosts hosts, string host) => new[] { "ports", "macs", "conn4", "conn6", "half4", "half6" }.Sum(map =>
        JsonDocument.Parse(Shell.Run("bpftool", "-j", "map", "dump", "pinned", Path.Combine(hosts.Paths(host).Bpf, "maps", map)).Ok()).RootElement.GetArrayLength());

    /// <summary>The control of the arrival: where no gate stands and no agent runs, what web-1 sends gets out.</summary>
    private static long ArrivesUngated(TwoHosts hosts)
    {
        var host = Place(hosts) == "host-1" ? "host-2" : "host-1";
        File.WriteAllText(hosts.Hook(host), "#!/bin/sh\nexit 0\n");
        Shell.Run("kill", "-9", File.ReadAllText(Path.Combine(hosts.Paths(host).Run, "libvirt", "agent.pid")).Trim()).Ok();
        hosts.Ask("lab", "migrate", "web-1");
        Product.Until("the control: it gets out without a gate", TimeSpan.FromSeconds(10), () => hosts.Neighbour.Arrived > 0);
        return hosts.Neighbour.Arrived;
    }

    /// <summary>The control of the count: nobody guards web-1 any more, and what was under way all the time arrives, both ways.</summary>
    private static void ArrivesUnguarded(TwoHosts hosts)
    {
        hosts.Cli("delete", "guard/shop").Ok();
        Product.Until("the control: it arrives unguarded", TimeSpan.FromSeconds(10), () => hosts.Neighbour.Arrived > 0 && hosts.Arrived() > 0);
    }
}
