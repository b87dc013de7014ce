using Merlon.Bench.Figures;
using Merlon.Bench.Places;
using Merlon.Datapath.Native;

namespace Merlon.Bench.Workloads;

/// <summary>W1: what a program takes for a packet, without all that is around it. A frame of the course is filled in, and the program called
/// behind it; what the filling takes is measured with an empty program in its place, and taken off.</summary>
internal static class ProgramAlone
{
    private const int Rules = 1000, Connections = 262144, FramesAtOnce = 16384;

    public static IReadOnlyList<BenchRow> Run(BenchOptions options) =>
    [
        .. Of(options, "from_vm", shortCut: true, (256, 60), (Traffic.MostFlows, 220)),
        .. Of(options, "from_vm", shortCut: false, (256, 60)),
        .. Of(options, "to_vm", shortCut: false, (256, 300)),
    ];

    /// <summary>The most that a packet may take, in ns, stands for the peer.</summary>
    private static List<BenchRow> Of(BenchOptions options, string program, bool shortCut, params (int Flows, double Most)[] variants)
    {
        using var guarded = new Place();
        using var empty = new Place();
        var product = guarded.Hold(new Guarded(guarded, options.ObjectPath, BenchPolicy.Manifest(Rules), Connections, shortCut));
        using var judging = product.Program(program);
        var (measured, filling) = (Serving(options, guarded, _ => judging), Serving(options, empty, helper => helper.Program("nothing")));
        var (rows, firstPort) = (new List<BenchRow>(), 10000);
        foreach (var (flows, most) in variants)
        {
            foreach (var traffic in new[] { measured, filling })
            {
                traffic.Lay(FrameText.Tcp, flows, firstPort);
                traffic.Open();
                traffic.Serve(Orders.Uniform(flows));
            }
            firstPort += 10000;
            var (straight, sent) = (product.Straight, measured.Sent);
            // Not counted: the first round warms the caches.
            var costs = Enumerable.Range(0, options.Rounds + 1).Select(_ => Cost(guarded, measured, flows, program) - Cost(empty, filling, flows, program)).Skip(1).ToArray();
            var (passed, name) = (measured.Sent - sent, FormattableString.Invariant($"{program}{(shortCut ? "" : ", no short cut")}, {flows} flows"));
            options.Say($"  W1 {name}: {100.0 * (product.Straight - straight) / passed:f2} % of the packets took the short cut");
            options.Say($"  W1 {name,-16} {Quartiles.Of(costs).Median,6:f1} ns a packet ({costs.Min():f1}-{costs.Max():f1}) {product.Drops}");
            rows.Add(BenchRow.Of("W1", name, FormattableString.Invariant($"{most} ns"), [.. costs.Select(c => most / c)], flows, product.Occupancy, passed, passed));
        }
        return rows;
    }

    private static Traffic Serving(BenchOptions options, Place place, Func<BenchObject, BpfFd> program)
    {
        var helper = place.Hold(new BenchObject(options.HelperPath));
        helper.Call(program(helper));
        return place.Hold(new Traffic(place, helper));
    }

    private static double Cost(Place place, Traffic traffic, int flows, string program) => place.Host.Enter(() =>
    {
        Cpu.Stay();
        var (sum, runs) = (0.0, Math.Max(8, 2 * flows / FramesAtOnce));
        for (var i = 0; i < runs; i++) sum += traffic.Serve(i % 2, program == "to_vm" ? 1 - i % 2 : i % 2, FramesAtOnce);
        return sum / runs;
    });
}
