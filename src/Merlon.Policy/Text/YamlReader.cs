using System.Collections.Immutable;
using Merlon.Policy.Model;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Merlon.Policy.Text;

/// <summary>YAML events to nodes, one per document. Anchors, aliases and tags are errors; size and depth are bounded; a syntax
/// error ends the file, what stood before it is kept.</summary>
internal sealed class YamlReader(ManifestText file, Findings findings)
{
    private const string Look = "look there and in the lines above it for an open bracket or quote, a missing ':' or wrong indentation";
    private int _nodes;

    public List<YamlNode> Read()
    {
        var text = file.Text;
        var documents = new List<YamlNode>();
        if (text.Length > ManifestLimits.MaxFileLength)
        {
            findings.Error("too-large", new(file.Path, 0, 0), $"{text.Length} characters are more than {ManifestLimits.MaxFileLength}");
            return documents;
        }
        try
        {
            var parser = new Parser(new StringReader(text));
            while (Next(parser))
                if (parser.Current is DocumentStart) Document(parser, documents);
        }
        catch (YamlException e)
        {
            findings.Error("yaml-syntax", At(e.Start), Cause(e), Look);
        }
        catch (StopException)
        {
            // The finding is made; the rest of this file cannot be trusted.
        }
        return documents;
    }

    private void Document(Parser parser, List<YamlNode> documents)
    {
        Next(parser);
        var node = Node(parser, 1);
        if (node is not YamlScalar { IsNull: true }) documents.Add(node);
    }

    private YamlNode Node(Parser parser, int depth)
    {
        var at = At(parser.Current!.Start);
        if (++_nodes > ManifestLimits.MaxNodes) throw Stop("too-large", at, $"more than {ManifestLimits.MaxNodes} YAML nodes in one file");
        if (depth > ManifestLimits.MaxDepth) throw Stop("too-deep", at, $"nested deeper than {ManifestLimits.MaxDepth}");
        if (parser.Current is NodeEvent node) Refuse(node, at);
        switch (parser.Current)
        {
            case Scalar s: return new YamlScalar(at, s.Value, s.Style is not (ScalarStyle.Plain or ScalarStyle.Any));
            case SequenceStart: return List(parser, at, depth);
            case MappingStart: return Map(parser, at, depth);
            case AnchorAlias alias: return Alias(alias, at);
            default: throw Stop("yaml-syntax", at, "a value is missing", Look);
        }
    }

    private YamlList List(Parser parser, Position at, int depth)
    {
        var items = ImmutableArray.CreateBuilder<YamlNode>();
        while (Next(parser) && parser.Current is not SequenceEnd) items.Add(Node(parser, depth + 1));
        return new(at, items.ToImmutable());
    }

    private YamlMap Map(Parser parser, Position at, int depth)
    {
        var entries = ImmutableArray.CreateBuilder<(YamlScalar, YamlNode)>();
        while (Next(parser) && parser.Current is not MappingEnd)
        {
            var key = Node(parser, depth + 1);
            Next(parser);
            var value = Node(parser, depth + 1);
            if (key is YamlScalar scalar) entries.Add((scalar, value));
            else findings.Error("wrong-type", key.At, "a field's name must be text");
        }
        return new(at, entries.ToImmutable());
    }

    /// <summary>The scanner throws exceptions of every kind at some malformed texts; each is a syntax error to the reader of ours.</summary>
    private bool Next(Parser parser)
    {
        var last = parser.Current?.End;
        try
        {
            return parser.MoveNext();
        }
        catch (Exception e) when (e is not YamlException)
        {
            throw Stop("yaml-syntax", last is { } mark ? At(mark) : new(file.Path, file.FirstLine, 1), "malformed behind this place", Look);
        }
    }

    private YamlScalar Alias(AnchorAlias alias, Position at)
    {
        findings.Error("alias-not-allowed", at, $"alias '*{alias.Value}': manifests have no aliases");
        return new(at, "", false);
    }

    private void Refuse(NodeEvent node, Position at)
    {
        if (!node.Anchor.IsEmpty) findings.Error("anchor-not-allowed", at, $"anchor '&{node.Anchor}': manifests have no anchors");
        if (!node.Tag.IsEmpty) findings.Error("tag-not-allowed", at, $"tag '{node.Tag}': manifests have no tags");
    }

    private StopException Stop(string code, Position at, string message, string? hint = null)
    {
        findings.Error(code, at, message, hint);
        return new();
    }

    private Position At(Mark mark) => new(file.Path, (int)mark.Line + file.FirstLine - 1, (int)mark.Column);

    /// <summary>YamlDotNet prefixes some messages with the place, which we state ourselves.</summary>
    private static string Cause(YamlException e)
    {
        var text = (e.InnerException ?? e).Message;
        var end = text.StartsWith('(') ? text.IndexOf("): ", StringComparison.Ordinal) : -1;
        return end < 0 ? text : text[(end + 3)..];
    }

    private sealed class StopException : Exception;
}
