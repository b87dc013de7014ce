using System.Collections.Immutable;
using System.Globalization;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>A mapping read field by field: unknown, doubled, missing and mistyped fields become findings, reading goes on.</summary>
internal sealed class Fields
{
    private readonly Dictionary<string, YamlNode> _values = new(StringComparer.Ordinal);
    private readonly Findings _findings;
    private readonly string _what;

    private Fields(YamlMap map, string what, Findings findings, string[] known)
    {
        (_findings, _what, At) = (findings, what, map.At);
        foreach (var (key, value) in map.Entries)
        {
            if (!known.Contains(key.Value))
                findings.Error("unknown-field", key.At, $"{what} has no field '{key.Value}'", NearestName.Hint(key.Value, known) ?? $"known: {string.Join(", ", known)}");
            else if (!_values.TryAdd(key.Value, value))
                findings.Error("duplicate-field", key.At, $"field '{key.Value}' of {what} stands twice");
        }
    }

    public Position At { get; }

    /// <summary>Null, with a finding, when <paramref name="node"/> is no mapping.</summary>
    public static Fields? Open(YamlNode node, string what, Findings findings, params string[] known)
    {
        if (node is YamlMap map) return new(map, what, findings, known);
        findings.Error("wrong-type", node.At, $"{what} must be a mapping");
        return null;
    }

    /// <summary>The field's node; an empty value counts as absent. A missing required field is a finding.</summary>
    public YamlNode? Get(string name, bool required = false)
    {
        if (_values.TryGetValue(name, out var node) && node is not YamlScalar { IsNull: true }) return node;
        if (required) _findings.Error("missing-field", node?.At ?? At, $"{_what} needs the field '{name}'");
        return null;
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public Position Place(string name) => _values.TryGetValue(name, out var node) ? node.At : At;

    public string? Text(string name, bool required = false) => Get(name, required) is { } node ? TextOf(node, $"'{name}'") : null;

    public string? TextOf(YamlNode node, string what)
    {
        if (node is YamlScalar { IsNull: false } s) return s.Value;
        _findings.Error("wrong-type", node.At, $"{what} of {_what} must be text");
        return null;
    }

    /// <summary>A whole number within bounds, or the fallback after a finding.</summary>
    public int Number(string name, int fallback, int min, int max)
    {
        if (Get(name) is not { } node) return fallback;
        if (node is not YamlScalar { Quoted: false } s || !long.TryParse(s.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            _findings.Error("wrong-type", node.At, $"'{name}' of {_what} must be a whole number");
        else if (value < min || value > max)
            _findings.Error("out-of-range", node.At, $"'{name}' of {_what} is {value}, not in {min}-{max}");
        else
            return (int)value;
        return fallback;
    }

    public bool Flag(string name, bool fallback = false) => Get(name) is { } node ? FlagOf(node, name) ?? fallback : fallback;

    public bool? FlagOf(YamlNode node, string name)
    {
        if (node is YamlScalar { Quoted: false, Value: "true" or "false" } s) return s.Value == "true";
        _findings.Error("wrong-type", node.At, $"'{name}' of {_what} must be true or false");
        return null;
    }

    /// <summary>One of a closed list of words, or the fallback after a finding.</summary>
    public T Choice<T>(string name, T fallback, bool required, params (string Word, T Value)[] words)
    {
        if (Get(name, required) is not { } node || TextOf(node, $"'{name}'") is not { } text) return fallback;
        foreach (var (word, value) in words)
            if (word == text) return value;
        var all = words.Select(w => w.Word);
        _findings.Error("bad-value", node.At, $"'{name}' of {_what} is '{text}', not one of {string.Join(", ", all)}", NearestName.Hint(text, all));
        return fallback;
    }

    /// <summary>The items of a list field; empty when absent.</summary>
    public ImmutableArray<YamlNode> List(string name, bool required = false)
    {
        switch (Get(name, required))
        {
            case null: return [];
            case YamlList list: return list.Items;
            case var node:
                _findings.Error("wrong-type", node.At, $"'{name}' of {_what} must be a list");
                return [];
        }
    }

    /// <summary>A mapping of text to text.</summary>
    public ImmutableSortedDictionary<string, string> Texts(string name)
    {
        var all = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (Get(name) is not { } node) return all.ToImmutable();
        if (node is not YamlMap map)
        {
            _findings.Error("wrong-type", node.At, $"'{name}' of {_what} must be a mapping");
            return all.ToImmutable();
        }
        foreach (var (key, value) in map.Entries)
        {
            if (value is not YamlScalar s || (s.IsNull && s.Value.Length > 0)) _findings.Error("wrong-type", value.At, $"'{key.Value}' in '{name}' of {_what} must be text");
            else if (!all.TryAdd(key.Value, s.Value)) _findings.Error("duplicate-field", key.At, $"'{key.Value}' stands twice in '{name}' of {_what}");
        }
        return all.ToImmutable();
    }
}
