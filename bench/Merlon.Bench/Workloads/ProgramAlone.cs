using Merlon.Bench.Figures;
using Merlon.Bench.Places;
using Merlon.Datapath.Native;

namespace Merlon.Bench.Workloads;

/// <summary>W1: what from_vm takes for a packet, without all that is around it. A frame of the course is filled in, and the program called
/// behind it; what the filling takes is measured with an empty program in its place, and taken off.</summary>
internal static class ProgramAlone
{
    private const int Rules = 1000, Connections = 262144, FramesAtOnce = 16384;

    public static IReadOnlyList<BenchRow> Run(BenchOptions options)
    {
        using var guarded = new Place();
        using var empty = new Place();
        var product = guarded.Hold(new Guarded(guarded, options.ObjectPath, BenchPolicy.Manifest(Rules), Connections));
        using var fromVm = product.Program("from_vm");
        var (measured, filling) = (Serve(guarded, _ => fromVm), Serve(empty, helper => helper.Program("nothing")));
        return [.. Variant(256, 10000, 60), .. Variant(Traffic.MostFlows, 20000, 220)];

        Traffic Serve(Place place, Func<BenchObject, BpfFd> program)
        {
            var helper = place.Hold(new BenchObject(options.HelperPath));
            helper.Call(program(helper));
            return place.Hold(new Traffic(place, helper));
        }

        IEnumerable<BenchRow> Variant(int flows, int firstPort, double most)
        {
            foreach (var traffic in new[] { measured, filling })
            {
                traffic.Lay(FrameText.Tcp, flows, firstPort);
                traffic.Open();
                traffic.Serve(Orders.Uniform(flows));
            }
            var (straight, sent) = (product.Straight, measured.Sent);
            // Not counted: the first round warms the caches.
            var costs = Enumerable.Range(0, options.Rounds + 1).Select(_ => Cost(guarded, measured, flows) - Cost(empty, filling, flows)).Skip(1).ToArray();
            var name = FormattableString.Invariant($"{flows} flows");
            options.Say($"  W1 {name}: {100.0 * (product.Straight - straight) / (measured.Sent - sent):f2} % of the packets took the short cut");
            options.Say($"  W1 {name,-16} {Quartiles.Of(costs).Median,6:f1} ns a packet ({costs.Min():f1}-{costs.Max():f1})");
            yield return BenchRow.Of("W1", name, FormattableString.Invariant($"{most} ns"), [.. costs.Select(c => most / c)], flows, product.Occupancy, measured.Sent - sent, measured.Sent - sent);
        }
    }

    private static double Cost(Place place, Traffic traffic, int flows) => place.Host.Enter(() =>
    {
        Cpu.Stay();
        var (sum, runs) = (0.0, Math.Max(8, 2 * flows / FramesAtOnce));
        for (var i = 0; i < runs; i++) sum += traffic.Serve(i % 2, FramesAtOnce);
        return sum / runs;
    });
}
