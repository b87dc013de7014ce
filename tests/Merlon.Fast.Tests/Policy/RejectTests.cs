using System.Text;
using Merlon.Policy.Model;
using Merlon.Policy.Text;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>Each file is refused with exactly the findings in its .expected file, all of them at once.</summary>
public class RejectTests
{
    public static TheoryData<string> Files => CaseFolder.Files("reject");

    [Theory]
    [MemberData(nameof(Files))]
    public void A_wrong_manifest_is_refused_with_all_its_errors(string file)
    {
        var parsed = ManifestParser.Parse([new("f", CaseFolder.Read(file))]);
        var found = parsed.Ok ? PolicySet.Build(parsed.Documents.Select(d => new StoredDocument(d, 1))).Diagnostics : PolicySet.Findings(parsed, []);
        Assert.NotEmpty(found);
        CaseFolder.Expect(Path.ChangeExtension(file, ".expected"), string.Concat(found.Select(d => d + "\n")));
    }

    [Fact]
    public void A_huge_file_is_refused_before_it_is_read()
    {
        var text = new string('a', ManifestLimits.MaxFileLength + 1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var found = Assert.Single(ManifestParser.Parse([new("f", text)]).Diagnostics);
        Assert.Equal("too-large", found.Code);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000);
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Deep_nesting_is_refused(char open)
    {
        var found = ManifestParser.Parse([new("f", new string(open, 100_000))]).Diagnostics;
        Assert.Contains(found, d => d.Code is "too-deep" or "yaml-syntax");
    }

    [Fact]
    public void Nesting_at_the_limit_is_read()
    {
        var text = new string('[', ManifestLimits.MaxDepth) + new string(']', ManifestLimits.MaxDepth);
        Assert.DoesNotContain(ManifestParser.Parse([new("f", text)]).Diagnostics, d => d.Code == "too-deep");
        Assert.Contains(ManifestParser.Parse([new("f", $"[{text}]")]).Diagnostics, d => d.Code == "too-deep");
    }

    [Fact]
    public void Findings_of_one_file_are_bounded()
    {
        var text = new StringBuilder("apiVersion: merlon/v1\nkind: Group\nmetadata: {name: g, tenant: t}\nspec:\n  cidrs:\n");
        for (var i = 0; i < 1000; i++) text.Append("  - nonsense\n");
        var found = ManifestParser.Parse([new("f", text.ToString())]).Diagnostics;
        Assert.Equal(ManifestLimits.MaxDiagnostics + 1, found.Length);
        Assert.Equal("800 more findings are not listed", found.Single(d => d.Code == "too-many-errors").Message);
    }

    [Fact]
    public void A_file_of_garbage_never_throws()
    {
        var dice = new Dice(5);
        var pieces = new[] { "apiVersion: merlon/v1\n", "kind: Policy\n", "spec:", "rules:", "- ", "{", "}", "[", "]", ": ", "\n", "  ", "&a", "*a", "!t", "'", "\"", "#", "---\n", "any", "cidr/::/0", "|", ">", "?", "%", "\0", "\u0085", "\ud800", "," };
        for (var i = 0; i < 5000; i++)
        {
            var text = string.Concat(dice.Some(1, 40, _ => dice.Of(pieces)));
            var parsed = ManifestParser.Parse([new("f", text)]);
            Assert.NotNull(PolicySet.Build(parsed.Documents.Select(d => new StoredDocument(d, 1))));
        }
    }
}
