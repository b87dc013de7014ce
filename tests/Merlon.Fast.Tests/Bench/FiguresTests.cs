using System.Text.Json;
using System.Xml.Linq;
using Merlon.Bench.Figures;
using Xunit;

namespace Merlon.Fast.Tests.Bench;

/// <summary>What `./dev bench` makes of its measurements. The measurements themselves are nobody's test.</summary>
public sealed class FiguresTests
{
    private static readonly BenchRow s_row = BenchRow.Of("W2", "tcp, 256 flows", "P0", [1.3, 1.1, 1.2, 1.4, 1.5], 256, 0.001, 900, 1000);
    private static readonly BenchRow s_wall = BenchRow.Of("W2", BenchRow.Wall + "tcp, 256 flows", "P0", [1.4, 1.3, 1.35], 256, 0.001, 900, 900);

    [Theory]
    [InlineData(new[] { 4.0 }, 4, 4, 4, 4, 4)]
    [InlineData(new[] { 2.0, 1.0 }, 1, 1.25, 1.5, 1.75, 2)]
    [InlineData(new[] { 5.0, 1.0, 4.0, 2.0, 3.0 }, 1, 2, 3, 4, 5)]
    [InlineData(new[] { 1.0, 2.0, 3.0, 4.0 }, 1, 1.75, 2.5, 3.25, 4)]
    public void Quartiles_lie_where_R_puts_them(double[] values, double min, double q1, double median, double q3, double max) =>
        Assert.Equal(new Quartiles(min, q1, median, q3, max), Quartiles.Of(values));

    [Fact]
    public void No_values_have_no_quartiles() => Assert.Throws<ArgumentException>(() => Quartiles.Of([]));

    [Fact]
    public void The_JSON_of_a_row_has_the_promised_names_and_no_others()
    {
        using var json = JsonDocument.Parse(BenchRow.ToJson([s_row]));
        var row = Assert.Single(json.RootElement.EnumerateArray());
        Assert.Equal(["delivered", "flows", "id", "occupancy", "peer", "ratioMax", "ratioMedian", "ratioMin", "ratioQ1", "ratioQ3", "rounds", "sent", "variant"],
            row.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Equal((1.3, 1.2, 1.4, 5), (row.GetProperty("ratioMedian").GetDouble(), row.GetProperty("ratioQ1").GetDouble(), row.GetProperty("ratioQ3").GetDouble(), row.GetProperty("rounds").GetInt32()));
        Assert.Equal([s_row], BenchRow.FromJson(BenchRow.ToJson([s_row])));
    }

    [Fact]
    public void A_wall_below_1_25_says_too_noisy()
    {
        Assert.Empty(Noise.Of([s_row, s_wall, s_wall with { RatioMedian = 1.25 }]));
        Assert.Equal("W2 wall, tcp, 256 flows: 1.24 × P0, less than 1.25", Assert.Single(Noise.Of([s_row, s_wall with { RatioMedian = 1.24 }])));
        // A product that is no better than the bridge says nothing about the machine.
        Assert.Empty(Noise.Of([s_row with { RatioMedian = 0.5 }]));
    }

    [Fact]
    public void A_target_is_met_by_the_lower_quartile_and_by_nothing_on_a_noisy_machine()
    {
        Assert.Equal("1.20 met", ResultPage.Verdict(s_row, noisy: false));
        Assert.Equal("1.20 **missed**", ResultPage.Verdict(s_row with { RatioQ1 = 1.19 }, noisy: false));
        Assert.Equal("1.20 not judged", ResultPage.Verdict(s_row, noisy: true));
        Assert.Equal("", ResultPage.Verdict(s_wall, noisy: false));
        Assert.Equal("", ResultPage.Verdict(s_row with { Peer = "P1" }, noisy: false));
    }

    [Fact]
    public void The_chart_is_well_formed_and_has_a_bar_for_each_row()
    {
        var rows = new[] { s_row, s_row with { Peer = "P4<&>", RatioMedian = 12, RatioMax = 31 }, s_wall };
        var svg = XDocument.Parse(Chart.Of("W2: a < b", rows)).Root!;
        Assert.Equal(rows.Length, svg.Elements().Count(e => e.Name.LocalName == "rect" && e.Attribute("height")!.Value == "14"));
        Assert.All(svg.Elements().Where(e => e.Name.LocalName == "rect" && e.Attribute("x") is not null), e => Assert.True(double.Parse(e.Attribute("width")!.Value, System.Globalization.CultureInfo.InvariantCulture) >= 0));
    }

    [Fact]
    public void The_page_says_who_measured_what_where_and_when()
    {
        var result = new ResultFile("W2", "small packets", new(2026, 11, 29, 8, 0, 0, DateTimeKind.Utc), "2 × processor", "6.18", "abc1234", "0123456789ab", [], [s_row]);
        var page = ResultPage.Text([result]);
        foreach (var word in (string[])["2026-11-29 08:00 UTC", "2 × processor", "kernel 6.18", "commit abc1234", "results/W2.json", "results/W2.svg", "1.30", "1.20–1.40", "1.10–1.50", "900 of 1000"])
            Assert.Contains(word, page, StringComparison.Ordinal);
        Assert.DoesNotContain("noisy", page, StringComparison.Ordinal);
        Assert.Contains("**Too noisy, nothing is met**: loud", ResultPage.Text([result with { Noisy = ["loud"] }]), StringComparison.Ordinal);
    }
}
