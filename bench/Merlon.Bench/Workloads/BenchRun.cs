using System.Globalization;
using System.Security.Cryptography;
using Merlon.Bench.Figures;

namespace Merlon.Bench.Workloads;

/// <summary>Runs workloads, tells their figures, keeps them. Quick runs are told and not kept.</summary>
/// <param name="results">Folder of the kept ones.</param>
internal sealed class BenchRun(BenchOptions options, string results, string commit)
{
    /// <summary>All targets were met, on a machine that can tell.</summary>
    public const int Met = 0;

    /// <summary>Some target was missed.</summary>
    public const int Missed = 2;

    /// <summary>The machine is too noisy: nothing is met, whatever the figures.</summary>
    public const int Noisy = 1;

    public (int Code, IReadOnlyList<BenchRow> Rows) Run(IEnumerable<Workload> workloads)
    {
        var (code, all) = (Met, new List<BenchRow>());
        foreach (var workload in workloads)
        {
            options.Say($"{workload.Id}: {workload.What}");
            var rows = workload.Run(options);
            var noisy = Noise.Of(rows);
            Tell(rows, noisy);
            if (!options.Quick) Keep(workload, rows, noisy);
            all.AddRange(rows);
            if (noisy.Count > 0) code = Noisy;
            else if (code == Met && rows.Any(r => Target.Of(r) is { } target && !target.MetBy(r))) code = Missed;
        }
        return (code, all);
    }

    private void Tell(IReadOnlyList<BenchRow> rows, IReadOnlyList<string> noisy)
    {
        options.Say($"  {"variant",-24} {"peer",-10} {"median",6} {"Q1-Q3",11} {"min-max",11} {"flows",6} {"occup.",7}  delivered of sent, target");
        foreach (var r in rows)
            options.Say($"  {r.Variant,-24} {r.Peer,-10} {r.RatioMedian,6:f2} {FormattableString.Invariant($"{r.RatioQ1:f2}-{r.RatioQ3:f2}"),11} {FormattableString.Invariant($"{r.RatioMin:f2}-{r.RatioMax:f2}"),11} {r.Flows,6} {r.Occupancy,7:f4}  {r.Delivered} of {r.Sent} {ResultPage.Verdict(r, noisy.Count > 0)}");
        foreach (var why in noisy) options.Say($"  TOO NOISY: {why}");
    }

    private void Keep(Workload workload, IReadOnlyList<BenchRow> rows, IReadOnlyList<string> noisy)
    {
        Directory.CreateDirectory(results);
        var program = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(options.ObjectPath)))[..12];
        new ResultFile(workload.Id, workload.What, DateTime.UtcNow, Machine(), File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), commit, program, [.. noisy], [.. rows]).Save(results);
        ResultPage.Write(results);
    }

    private static string Machine()
    {
        var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown processor";
        return string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} × {model}");
    }
}
