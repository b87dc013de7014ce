using System.Net;
using System.Text;

namespace Merlon.Bench.Figures;

/// <summary>A workload's rows as SVG: a bar to the median of each ratio, a box over the middle half, a line from the least to the most, and
/// the line of 1 at which both cost the same. The scale is logarithmic, so that 2 and ½ are equally far from it.</summary>
internal static class Chart
{
    private const int RowHeight = 22, Labels = 250, Plot = 520, Head = 46, Values = 70;

    public static string Of(string title, IReadOnlyList<BenchRow> rows)
    {
        var (low, high) = (Math.Min(0.5, rows.Min(r => r.RatioMin)), Math.Max(2, rows.Max(r => r.RatioMax)));
        double X(double ratio) => Labels + Plot * Math.Log(ratio / low) / Math.Log(high / low);
        var height = Head + RowHeight * rows.Count + 24;
        var svg = new StringBuilder();
        void Add(FormattableString text) => svg.AppendLine(FormattableString.Invariant(text));
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Labels + Plot + Values}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">");
        Add($"<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
        Add($"<text x=\"8\" y=\"18\" font-size=\"14\" font-weight=\"bold\">{WebUtility.HtmlEncode(title)}</text>");
        Add($"<text x=\"8\" y=\"36\" fill=\"#555\">how many times cheaper than the peer; right of 1 = better</text>");
        foreach (var tick in Ticks(low, high))
        {
            Add($"<line x1=\"{X(tick):f1}\" x2=\"{X(tick):f1}\" y1=\"{Head}\" y2=\"{height - 20}\" stroke=\"{(tick == 1 ? "#000" : "#ddd")}\"/>");
            Add($"<text x=\"{X(tick):f1}\" y=\"{height - 6}\" text-anchor=\"middle\">{tick}</text>");
        }
        for (var i = 0; i < rows.Count; i++) AddRow(Add, X, rows[i], Head + RowHeight * i + RowHeight / 2);
        Add($"</svg>");
        return svg.ToString();
    }

    private static void AddRow(Action<FormattableString> add, Func<double, double> x, BenchRow row, int y)
    {
        var colour = row.Variant.StartsWith(BenchRow.Wall, StringComparison.Ordinal) ? "#bbb" : row.RatioMedian >= 1 ? "#5b9bd5" : "#e08050";
        var (one, median) = (x(1), x(row.RatioMedian));
        add($"<text x=\"{Labels - 8}\" y=\"{y + 4}\" text-anchor=\"end\">{WebUtility.HtmlEncode(row.Variant)} / {WebUtility.HtmlEncode(row.Peer)}</text>");
        add($"<rect x=\"{Math.Min(one, median):f1}\" y=\"{y - 7}\" width=\"{Math.Abs(median - one):f1}\" height=\"14\" fill=\"{colour}\"/>");
        add($"<rect x=\"{x(row.RatioQ1):f1}\" y=\"{y - 4}\" width=\"{x(row.RatioQ3) - x(row.RatioQ1):f1}\" height=\"8\" fill=\"none\" stroke=\"#333\"/>");
        add($"<line x1=\"{x(row.RatioMin):f1}\" x2=\"{x(row.RatioMax):f1}\" y1=\"{y}\" y2=\"{y}\" stroke=\"#333\"/>");
        add($"<text x=\"{Labels + Plot + 8}\" y=\"{y + 4}\">{row.RatioMedian:f2}</text>");
    }

    private static IEnumerable<double> Ticks(double low, double high) =>
        new[] { 0.05, 0.1, 0.2, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 5, 10, 20, 50, 100 }.Where(t => t >= low && t <= high);
}
