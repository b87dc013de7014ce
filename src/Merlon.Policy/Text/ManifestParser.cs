using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>YAML manifests to documents. Reads YAML events: no aliases, anchors or tags, nesting at most
/// <see cref="ManifestLimits.MaxDepth"/>. Reports all errors, each with file, line, column and a stable code.</summary>
public static class ManifestParser
{
    public static ParseResult Parse(IEnumerable<ManifestText> files)
    {
        var findings = new Findings();
        var documents = ImmutableArray.CreateBuilder<Document>();
        foreach (var file in files)
        {
            foreach (var node in new YamlReader(file, findings).Read())
                if (new DocumentReader(findings).Read(node) is { } document) documents.Add(document);
        }
        return new(documents.ToImmutable(), findings.InOrder());
    }
}
