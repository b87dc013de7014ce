using System.Net.Sockets;
using Merlon.Contracts.Api;
using Merlon.Datapath;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Flows;

/// <summary>`merlon flows` against the guests' own counts of numbered probes: UDP, TCP and echoes, IPv4 and IPv6, allowed,
/// refused, finished, reset, cut and fallen silent.</summary>
public class FlowCountTests
{
    private const int Datagrams = 100, Large = 3000, Finishes = 10, Resets = 5, Echoes = 20;

    [Fact]
    public void Every_packet_that_the_guests_counted_is_told_with_its_names_rule_and_reason()
    {
        using var place = new FlowPlace();
        Silent(place);
        Refuse(place);
        Talk(place);
        var cut = Cut(place);
        // unanswered datagrams, echoes and what was cut have 30 s left
        IReadOnlyList<FlowRecord> flows = [];
        Product.Until("every open has its close", TimeSpan.FromSeconds(45), () =>
        {
            Thread.Sleep(1000);
            flows = place.Flows();
            return flows.Count(f => f.Event == "open") == flows.Count(f => f.Event == "close");
        });
        Told(place, flows, cut);
        Assert.Empty(place.Differences());
        Assert.Equal((0, 0), (place.Status().EventsLost, place.Status().FlowsLost));
        Console.WriteLine($"flows: {flows.Count} records tell the {place.Counted().Sent.Packets} packets that the guests sent");
        Control(place);
    }

    /// <summary>A reader that stands still loses events once the ring is full: counted, said, and no other count is wrong.</summary>
    [Fact]
    public void Lost_events_are_counted_and_said()
    {
        const int ports = 9500, more = 10;
        using var place = new FlowPlace();
        place.WithAgentStopped(() =>
        {
            // one CPU, one ring of 1 MiB: less than 9,000 events
            Scheduling.OnCpu(0, () =>
            {
                using var socket = Probes.Open(place.A, place.B.Ip4, SocketType.Dgram, ProtocolType.Udp);
                for (var port = 0; port < ports; port++)
                    for (var n = 0; n < (port < 100 ? 1 + more : 1); n++) socket.SendTo(new byte[8], new System.Net.IPEndPoint(place.B.Ip4, 10000 + port));
            });
            Thread.Sleep(2000);
        });
        Product.Until("the queue is empty", TimeSpan.FromSeconds(20), () => place.Status() is { FlowsQueued: 0, EventsLost: > 0 });
        Thread.Sleep(3000);
        var lost = place.Status().EventsLost;
        var told = place.Flows().Where(f => f.Event == "deny").Sum(f => f.PacketsOut);
        Assert.InRange(lost, 1, ports - 1);
        Assert.Equal(place.Counted().Sent.Packets, told + lost);
        var said = place.Host.Product.Cli("flows", "-o", "json", "--limit", "1");
        Assert.Contains($"{lost} events lost in the kernel", said.Error, StringComparison.Ordinal);
    }

    // Each datagram arrives once; the large ones go in fragments. Nothing answers, so the connections end by silence.
    private static void Silent(FlowPlace place)
    {
        foreach (var address in FlowPlace.Both(place.B))
        {
            using var sink = Probes.Open(place.B, address, SocketType.Dgram, ProtocolType.Udp, FlowPlace.Udp);
            Probes.Datagrams(place.A, address, FlowPlace.Udp, Datagrams);
            Probes.Datagrams(place.A, address, FlowPlace.Udp, 5, Large);
            Assert.Equal(Enumerable.Range(0, Datagrams).Concat(Enumerable.Range(0, 5)), Probes.Arrived(sink));
        }
    }

    private static void Refuse(FlowPlace place)
    {
        foreach (var address in FlowPlace.Both(place.B))
        {
            using var sink = Probes.Open(place.B, address, SocketType.Dgram, ProtocolType.Udp, FlowPlace.Refused);
            Probes.Datagrams(place.C, address, FlowPlace.Refused, Datagrams);
            Probes.Datagrams(place.A, address, FlowPlace.Unruled, Datagrams / 2);
            Probes.Knock(place.C, address, FlowPlace.Knocked);
            Probes.Pings(place.C, address, 99, Echoes);
            Assert.Empty(Probes.Arrived(sink));
        }
    }

    private static void Talk(FlowPlace place)
    {
        foreach (var address in FlowPlace.Both(place.B))
        {
            for (var n = 0; n < Finishes; n++) Probes.Finish(Probes.Connect(place.A, place.B, address, FlowPlace.Finished, 1 + n));
            for (var n = 0; n < Resets; n++)
            {
                var (client, server) = Probes.Connect(place.A, place.B, address, FlowPlace.Reset, 1 + n);
                Probes.Reset(client);
                server.Dispose();
            }
            Probes.Pings(place.A, address, 77, Echoes);
        }
    }

    private static long Cut(FlowPlace place)
    {
        var open = FlowPlace.Both(place.B).Select(address => Probes.Connect(place.A, place.B, address, FlowPlace.Cut, 10)).ToArray();
        var revision = place.CutNow();
        foreach (var (client, server) in open)
        {
            client.Send(new byte[100]);
            Thread.Sleep(500);
            Assert.Equal(0, server.Available);
            Probes.Reset(client);
            Probes.Reset(server);
        }
        return revision;
    }

    private static void Told(FlowPlace place, IReadOnlyList<FlowRecord> flows, long cut)
    {
        var (first, second) = ($"@{place.Revision}", $"@{cut}");
        Assert.NotEqual(place.Revision, cut);
        Closed(flows, $"udp/{FlowPlace.Udp}", 4, "idle-timeout", "shop/app/udp" + first);
        Closed(flows, $"tcp/{FlowPlace.Finished}", 2 * Finishes, "finished", "shop/app/fin" + first);
        Closed(flows, $"tcp/{FlowPlace.Reset}", 2 * Resets, "reset", "shop/app/rst" + first);
        Closed(flows, $"tcp/{FlowPlace.Cut}", 2, "revoked", "shop/app/cut" + first);
        Closed(flows, "icmp/8/0", 1, "idle-timeout", "shop/app/ping" + first);
        Closed(flows, "icmp6/128/0", 1, "idle-timeout", "shop/app/ping" + first);
        Denied(flows, "c", "b", $"udp/{FlowPlace.Refused}", "in", "rule", "shop/app/no-udp" + first);
        Denied(flows, "a", "b", $"udp/{FlowPlace.Unruled}", "out", "default", "default");
        Denied(flows, "c", "b", $"tcp/{FlowPlace.Knocked}", "in", "default", "default");
        Denied(flows, "c", "b", "icmp/8/0", "in", "default", "default");
        Denied(flows, "c", "b", "icmp6/128/0", "in", "default", "default");
        Denied(flows, "a", "b", $"tcp/{FlowPlace.Cut}", "out", "revoked", "default");
        Assert.DoesNotContain(flows, f => f.Rule?.EndsWith(second, StringComparison.Ordinal) == true);
    }

    /// <summary>So many connections of a service from a to b, all ended so.</summary>
    private static void Closed(IReadOnlyList<FlowRecord> flows, string service, int number, string reason, string rule)
    {
        foreach (var (what, why) in new[] { ("open", "rule"), ("close", reason) })
        {
            var found = flows.Where(f => f.Event == what && f.Service == service).ToArray();
            Assert.Equal(number, found.Length);
            Assert.All(found, f => Assert.Equal(("a", "shop", "b", "shop", "allow", why, rule, RevisionOf(rule)),
                (f.Source.Vm, f.Source.Tenant, f.Destination.Vm, f.Destination.Tenant, f.Verdict, f.Reason, f.Rule, f.Revision)));
        }
    }

    private static void Denied(IReadOnlyList<FlowRecord> flows, string from, string to, string service, string direction, string reason, string rule)
    {
        var found = flows.Where(f => f.Event == "deny" && f.Service == service && f.Source.Vm == from).ToArray();
        Assert.NotEmpty(found);
        Assert.All(found, f => Assert.Equal((to, "deny", direction, reason, rule, RevisionOf(rule)),
            (f.Destination.Vm, f.Verdict, f.Direction, f.Reason, f.Rule, f.Revision)));
    }

    private static long? RevisionOf(string rule) => rule.Split('@') is [_, var revision] ? long.Parse(revision, null) : null;

    // The same refused traffic past a detached program: delivered, told by nobody, and the comparison sees it.
    private static void Control(FlowPlace place)
    {
        using var sink = Probes.Open(place.B, place.B.Ip4, SocketType.Dgram, ProtocolType.Udp, FlowPlace.Refused);
        place.WithAgentStopped(() =>
        {
            using var kernel = KernelDatapath.Open(new DatapathOptions(Repository.Object, place.Host.Product.Paths.Bpf));
            kernel.Attacher.Detach(place.Host.Host.Enter(() => BpfCall.Index(place.B.Ifname)));
            Probes.Datagrams(place.C, place.B.Ip4, FlowPlace.Refused, Datagrams);
        });
        Assert.Equal(Datagrams, Probes.Arrived(sink).Count);
        Thread.Sleep(2000);
        Assert.Contains(place.Differences(), d => d.Contains($"Port = {FlowPlace.Refused}", StringComparison.Ordinal));
    }
}
