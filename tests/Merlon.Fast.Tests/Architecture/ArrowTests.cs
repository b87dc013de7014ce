using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Merlon.Fast.Tests.Architecture;

/// <summary>ARCHITECTURE.md's table of rooms is what the build does.</summary>
public partial class ArrowTests
{
    [Fact]
    public void The_arrows_of_the_page_are_the_project_references()
    {
        var drawn = Rooms().Matches(Tree.Read("ARCHITECTURE.md"))
            .ToDictionary(m => m.Groups[1].Value, m => Words(m.Groups[2].Value));
        var built = Tree.Files(".csproj").Where(p => p.StartsWith("src/", StringComparison.Ordinal))
            .ToDictionary(p => Path.GetFileNameWithoutExtension(p), References);
        Assert.True(built.Count >= 7);
        Assert.Equal(Lines(built), Lines(drawn));
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var listed = XDocument.Parse(Tree.Read("Merlon.slnx")).Descendants("Project").Select(p => p.Attribute("Path")!.Value).Order(StringComparer.Ordinal);
        Assert.Equal(Tree.Files(".csproj"), listed);
    }

    private static string[] Words(string cell) => cell == "nothing" ? [] : [.. cell.Split(", ").Select(w => "Merlon." + w)];

    private static string[] References(string project) =>
        [.. XDocument.Parse(Tree.Read(project)).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value))];

    private static string[] Lines(Dictionary<string, string[]> rooms) =>
        [.. rooms.Select(r => $"{r.Key} -> {string.Join(", ", r.Value.Order(StringComparer.Ordinal))}").Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"^\| (Merlon\.\w+) \|[^|]*\| ([^|]*) \|$", RegexOptions.Multiline)]
    private static partial Regex Rooms();
}
