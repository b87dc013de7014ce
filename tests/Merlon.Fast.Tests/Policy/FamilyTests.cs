using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>The families of cases are there and large enough to mean something.</summary>
public class FamilyTests(ITestOutputHelper output)
{
    private const int LeastRows = 300;

    [Fact]
    public void There_are_300_cases_each_on_one_screen()
    {
        var rows = new Dictionary<string, int>
        {
            ["accept"] = CaseFolder.Files("accept").Count,
            ["reprint"] = Directory.GetFiles(Path.Combine(CaseFolder.Root, "tests/cases/policy/accept"), "*.canonical").Length,
            ["reject"] = CaseFolder.Files("reject").Sum(f => Lines(Path.ChangeExtension(f.Data, ".expected"))),
            ["compile"] = CaseFolder.Files("compile").Count,
            ["decide"] = CaseFolder.Files("decide").Sum(f => DecideFile.Read(f.Data).Rows.Length),
        };
        output.WriteLine($"{rows.Values.Sum()} rows: {string.Join(", ", rows.Select(r => $"{r.Key} {r.Value}"))}");
        Assert.All(rows, r => Assert.True(r.Value > 0, $"no {r.Key}"));
        Assert.True(rows.Values.Sum() >= LeastRows, $"only {rows.Values.Sum()} rows");
        foreach (var family in new[] { "accept", "reject", "compile", "decide" })
            Assert.All(CaseFolder.Files(family), f => Assert.True(Lines(f.Data) <= 60, $"{f.Data} is longer than a screen"));
    }

    private static int Lines(string path) => CaseFolder.Read(path).Count(c => c == '\n');
}
