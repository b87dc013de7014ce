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
        var (whole, partial) = (ImmutableArray.CreateBuilder<Document>(), ImmutableArray.CreateBuilder<Document>());
        var (named, explained) = (true, 0);
        foreach (var file in files)
        {
            foreach (var node in new YamlReader(file, findings).Read())
            {
                var before = findings.Errors;
                var document = new DocumentReader(findings).Read(node);
                explained += findings.Errors - before;
                if (document is null) named = false;
                else (findings.Errors == before ? whole : partial).Add(document);
            }
        }
        // What is no YAML may hold anything behind the error.
        return new(whole.ToImmutable(), findings.InOrder(), named && explained == findings.Errors ? partial.ToImmutable() : null);
    }
}
