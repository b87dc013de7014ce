using Merlon.Bench.Figures;
using Merlon.Bench.Peers;
using Merlon.Bench.Places;

namespace Merlon.Bench.Workloads;

/// <summary>A named comparison that can be run.</summary>
/// <param name="What">One line for people.</param>
internal sealed record Workload(string Id, string What, Func<BenchOptions, IReadOnlyList<BenchRow>> Run)
{
    private const int Rules = 1000;

    public static readonly IReadOnlyList<Workload> All =
    [
        new("W1", "from_vm alone, by BPF_PROG_TEST_RUN: 64-byte TCP data of 256 and 65,536 established connections", ProgramAlone.Run),
        new("W2", "64-byte packets of 256 and 1,024 established connections, 1,000 rules", options => Established(options, "W2", [256, 1024])),
        new("W3", "64-byte packets of 65,536 established connections, uniform and Zipf 0.99, 10,000 rules", Many),
        new("W4", "as W2 with 256 connections, the short cut switched off", options => Established(options, "W4", [256], shortCut: false)),
        new("W5", "a new flow per packet, 1 to 100,000 rules, both sides guarded", NewFlows.Run),
        new("W6", "TCP connect, request, response, close; 1 and 64 at once", options => [.. Connecting(options, 1), .. Connecting(options, 64)]),
        new("W7", "64 bytes to and fro, one at a time", options => [.. PingPongs(options, tcp: true), .. PingPongs(options, tcp: false)]),
        new("W8", "one TCP stream, offloads on", options => Stacks.Run(options, "W8", "stream", [Peer.Bridge, Peer.Conntrack(Rules, asSet: true)], (name, place) => new Bulk(name, place), "")),
    ];

    private static List<BenchRow> Established(BenchOptions options, string id, int[] counts, bool shortCut = true)
    {
        using var ring = new Ring(options, BenchPolicy.Manifest(Rules), [Peer.Bridge, Peer.EmptyProgram, Peer.Conntrack(Rules, asSet: true), Peer.Conntrack(Rules, asSet: false),
            Peer.Stateless(Rules, asSet: true), Peer.Stateless(100, asSet: false), Peer.Wall], shortCut);
        var rows = new List<BenchRow>();
        foreach (var (proto, name) in new[] { (FrameText.Tcp, "tcp"), (FrameText.Udp, "udp") })
            foreach (var count in counts)
                rows.AddRange(ring.Run(id, FormattableString.Invariant($"{name}, {count} flows"), proto, count, 10000 + count * 4, Orders.Uniform(count)));
        return rows;
    }

    private static List<BenchRow> Many(BenchOptions options)
    {
        using var ring = new Ring(options, BenchPolicy.Manifest(10 * Rules), [Peer.Bridge, Peer.Conntrack(10 * Rules, asSet: true), Peer.Wall]);
        const int flows = Traffic.MostFlows;
        return [.. ring.Run("W3", "uniform", FrameText.Tcp, flows, 10000, Orders.Uniform(flows)), .. ring.Run("W3", "zipf", FrameText.Tcp, flows, 30000, Orders.Zipf(flows, flows))];
    }

    private static IReadOnlyList<BenchRow> Connecting(BenchOptions options, int atOnce) =>
        Stacks.Run(options, "W6", FormattableString.Invariant($"{atOnce} at once"), [Peer.Bridge, Peer.Conntrack(Rules, asSet: true), Peer.Conntrack(Rules, asSet: false)], (name, place) => new Connects(name, place, atOnce), "");

    private static IReadOnlyList<BenchRow> PingPongs(BenchOptions options, bool tcp) =>
        Stacks.Run(options, "W7", tcp ? "tcp" : "udp", [Peer.Bridge, Peer.Conntrack(Rules, asSet: true)], (name, place) => new PingPong(name, place, tcp), " p50", " p99");
}
