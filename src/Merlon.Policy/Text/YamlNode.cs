using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>A YAML value with its place. Scalars keep whether they were quoted: a quoted one is always text.</summary>
internal abstract record YamlNode(Position At);

internal sealed record YamlScalar(Position At, string Value, bool Quoted) : YamlNode(At)
{
    public bool IsNull => !Quoted && Value is "" or "~" or "null";
}

internal sealed record YamlList(Position At, ImmutableArray<YamlNode> Items) : YamlNode(At);

internal sealed record YamlMap(Position At, ImmutableArray<(YamlScalar Key, YamlNode Value)> Entries) : YamlNode(At);
