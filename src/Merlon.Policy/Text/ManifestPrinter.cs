using System.Collections.Immutable;
using System.Text;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>A document in its canonical text: parsing it gives the same document again.</summary>
public static class ManifestPrinter
{
    public static string Print(Document document)
    {
        var text = new StringBuilder()
            .Append("apiVersion: ").Append(DocumentReader.ApiVersion).Append('\n')
            .Append("kind: ").Append(document.Kind).Append('\n')
            .Append("metadata: ").Append(Metadata(document)).Append('\n');
        foreach (var line in SpecPrinter.Print(document)) text.Append(line).Append('\n');
        return text.ToString();
    }

    /// <summary>Several documents in one text.</summary>
    public static string Print(IEnumerable<Document> documents) => string.Join("---\n", documents.Select(Print));

    private static string Metadata(Document d) => FlowText.Map(
        ("name", FlowText.Scalar(d.Name)),
        ("tenant", FlowText.Scalar(d.Tenant)),
        ("annotations", d.Annotations.IsEmpty ? null : FlowText.Texts(d.Annotations)));
}
