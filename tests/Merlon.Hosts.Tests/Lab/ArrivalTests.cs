using System.Text.Json;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Lab;

/// <summary>db-1 is guarded on the host that web-1 moves to, and talks to it all the while: a TCP stream, numbered datagrams, pings, new connections. Nothing that
/// web-1 answers from the other host is refused by a hook of db-1's, and no byte of the stream is lost.</summary>
[Collection(Alone.Name)]
public sealed class ArrivalTests
{
    private const int Seconds = 10;

    // What an answer to something that its host has not counted, stepped or entered meets; a datagram's is a packet of its own then.
    private static readonly Reason[] s_strayed = [Reason.TcpNoConnection, Reason.TcpOutOfWindow, Reason.TcpInvalidState, Reason.IcmpNoConnection, Reason.Default];

    [Fact]
    public void A_guarded_neighbour_of_the_destination_talks_to_a_VM_all_the_while_it_moves_there()
    {
        using var hosts = new TwoHosts("web-1,db-1");
        hosts.Guard();
        using var there = new KernelControl(hosts.Paths("host-2").Bpf);
        Assert.Equal([], Moves(hosts, there, () => { }));
        hosts.Ask("lab", "migrate", "web-1");
        // The control: the same move, with nobody awaited.
        Assert.NotEmpty(Moves(hosts, there, there.AwaitNobody));
    }

    /// <summary>web-1 moves to host-2. Returns what of db-1's talk was refused there, and what its stream lost.</summary>
    private static string[] Moves(TwoHosts hosts, KernelControl there, Action always)
    {
        var before = there.Drops();
        var talk = Task.WhenAll(new[]
        {
            $"stream {TwoHosts.Web} 443 {Seconds} stall=10000", $"udp {TwoHosts.Web} 7000 {Seconds * 100} rate=100", $"ping {TwoHosts.Web} {Seconds * 10} interval=100",
            $"tcp {TwoHosts.Web} 443 16 count={Seconds * 4} rate=4 timeout=3000",
        }.Select(command => Task.Run(() => hosts.Probe("db-1", command))));
        Thread.Sleep(1000);
        var move = Task.Run(() => hosts.Ask("lab", "migrate", "web-1"));
        while (!move.IsCompleted)
        {
            always();
            Thread.Sleep(5);
        }
        var moved = move.Result;
        Assert.Equal("host-2", moved.GetProperty("to").GetString());
        Console.WriteLine($"arrival: {moved}; {string.Join("; ", talk.Result.Select(t => t.GetRawText()))}");
        var drops = there.Drops();
        var missed = s_strayed.Select(r => (What: r.ToString(), Count: (long)(drops.GetValueOrDefault(r) - before.GetValueOrDefault(r)))).Append((What: "bytes of the stream", Count: Lost(talk.Result[0])));
        return [.. missed.Where(m => m.Count > 0).Select(m => $"{m.What}: {m.Count}")];
    }

    private static long Lost(JsonElement stream) => stream.GetProperty("sent").GetInt64() - stream.GetProperty("received").GetInt64();
}
