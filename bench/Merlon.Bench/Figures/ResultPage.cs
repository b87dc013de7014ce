using System.Text;

namespace Merlon.Bench.Figures;

/// <summary>bench/RESULTS.md, written whole from the kept results.</summary>
internal static class ResultPage
{
    /// <param name="folder">Of the results; their charts stand beside them and the page one level up.</param>
    public static void Write(string folder)
    {
        var results = Directory.GetFiles(folder, "*.json").Select(ResultFile.Load).OrderBy(r => int.Parse(r.Id[1..], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        foreach (var result in results) File.WriteAllText(Path.Combine(folder, result.Id + ".svg"), Chart.Of($"{result.Id}: {result.What}", result.Rows));
        File.WriteAllText(Path.Combine(folder, "..", "RESULTS.md"), Text(results));
    }

    public static string Text(IEnumerable<ResultFile> results)
    {
        var page = new StringBuilder("# Results\n\nWritten by `./dev bench`; how to read it: docs/benchmarks.md. A ratio above 1 = better than the peer.\n");
        foreach (var result in results) Append(page, result);
        return page.ToString();
    }

    private static void Append(StringBuilder page, ResultFile result)
    {
        void Add(FormattableString text) => page.Append(FormattableString.Invariant(text));
        Add($"\n## {result.Id}: {result.What}\n\n");
        Add($"{result.Date:yyyy-MM-dd HH:mm} UTC, {result.Machine}, kernel {result.Kernel}, commit {result.Commit}, program {result.Program}. [Raw](results/{result.Id}.json)\n\n");
        foreach (var noisy in result.Noisy) Add($"**Too noisy, nothing is met**: {noisy}\n\n");
        Add($"![{result.Id}](results/{result.Id}.svg)\n\n");
        Add($"| variant | peer | median | Q1–Q3 | min–max | target | flows | occupancy | delivered of sent | rounds |\n|---|---|---|---|---|---|---|---|---|---|\n");
        foreach (var row in result.Rows)
        {
            Add($"| {row.Variant} | {row.Peer} | {row.RatioMedian:f2} | {row.RatioQ1:f2}–{row.RatioQ3:f2} | {row.RatioMin:f2}–{row.RatioMax:f2} ");
            Add($"| {Verdict(row, result.Noisy.Length > 0)} | {row.Flows} | {row.Occupancy:f4} | {row.Delivered} of {row.Sent} | {row.Rounds} |\n");
        }
    }

    public static string Verdict(BenchRow row, bool noisy) => Target.Of(row) is not { } target ? "" :
        FormattableString.Invariant($"{target.Least:f2} {(noisy ? "not judged" : target.MetBy(row) ? "met" : "**missed**")}");
}
