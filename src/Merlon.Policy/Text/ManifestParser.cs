namespace Merlon.Policy.Text;

/// <summary>YAML manifests to documents. Reads YAML events: no aliases, anchors or tags, nesting at most
/// <see cref="ManifestLimits.MaxDepth"/>. Reports all errors, each with file, line, column and a stable code.</summary>
public static class ManifestParser
{
    public static ParseResult Parse(IEnumerable<ManifestText> files) => throw new NotImplementedException();
}
