using Merlon.Policy.Model;
using Merlon.Policy.Text;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>Text → canonical text, and canonical text → itself.</summary>
public class AcceptTests
{
    public static TheoryData<string> Files => CaseFolder.Files("accept");

    [Theory]
    [MemberData(nameof(Files))]
    public void A_manifest_prints_in_its_canonical_form(string file)
    {
        var parsed = ManifestParser.Parse([new(file, CaseFolder.Read(file))]);
        Assert.Empty(parsed.Diagnostics);
        CaseFolder.Expect(Path.ChangeExtension(file, ".canonical"), ManifestPrinter.Print(parsed.Documents));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_canonical_form_parses_to_the_same_document(string file)
    {
        var parsed = ManifestParser.Parse([new(file, CaseFolder.Read(file))]).Documents;
        Same(parsed, ManifestParser.Parse([new("printed", ManifestPrinter.Print(parsed))]).Documents);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_canonical_form_prints_as_itself(string file)
    {
        var canonical = CaseFolder.Read(Path.ChangeExtension(file, ".canonical"));
        Assert.Equal(canonical, ManifestPrinter.Print(ManifestParser.Parse([new("f", canonical)]).Documents));
    }

    [Fact]
    public void Random_documents_survive_printing()
    {
        for (var seed = 0UL; seed < 50; seed++)
        {
            var random = new RandomPolicy(seed);
            Assert.Equal(random.Text, ManifestPrinter.Print(random.Documents));
        }
    }

    [Theory]
    [InlineData("- dash")]
    [InlineData("colon: space")]
    [InlineData("ends:")]
    [InlineData("#comment")]
    [InlineData("\"quoted\\\" \\ back")]
    [InlineData("line\nbreak\ttab\u0007bell")]
    [InlineData("ümläut 🙂 \u2028")]
    [InlineData("null")]
    [InlineData("~")]
    [InlineData("")]
    [InlineData("1e3")]
    [InlineData("{a: b}")]
    public void Any_text_survives_printing(string text)
    {
        var group = new TenantDocument("platform", "t", System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add("note", text), default, RuleAction.Deny, RuleAction.Deny);
        var parsed = ManifestParser.Parse([new("f", ManifestPrinter.Print(group))]);
        Assert.Empty(parsed.Diagnostics);
        Assert.Equal(text, Assert.Single(parsed.Documents).Annotations["note"]);
    }

    /// <summary>Everything but the positions; records compare their arrays by identity, so they are compared as printed trees.</summary>
    private static void Same(IEnumerable<Document> expected, IEnumerable<Document> actual) =>
        Assert.Equal(expected.Select(Tree), actual.Select(Tree));

    private static string Tree(object? value) => value switch
    {
        null => "null",
        string s => s,
        Position => "",
        Address or Prefix or MacAddress or ServiceMatch => value.ToString()!,
        System.Collections.IEnumerable items => $"[{string.Join("; ", items.Cast<object?>().Select(Tree))}]",
        _ when value.GetType() is { IsPrimitive: false, IsEnum: false } type =>
            $"{type.Name}({string.Join(", ", type.GetProperties(System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public).Where(p => p.Name is not ("EqualityContract" or "Ref")).Select(p => $"{p.Name}={Tree(p.GetValue(value))}"))})",
        _ => value.ToString()!,
    };
}
