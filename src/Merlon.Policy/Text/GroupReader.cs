using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

internal sealed class GroupReader(Findings findings, TermReader terms)
{
    private static readonly string[] Tests = ["in", "notIn", "exists"];

    public GroupDocument? Read(DocumentHead head, YamlNode node)
    {
        if (Fields.Open(node, "a Group's spec", findings, "select", "cidrs", "groups", "except", "sharedWith") is not { } spec) return null;
        var select = spec.Get("select") is { } s ? Selector(s) : null;
        return new(head.Tenant, head.Name, head.Annotations, head.At, select,
            [.. terms.Prefixes(spec, "cidrs").Distinct().Order()], terms.Groups(spec, "groups"), terms.References(spec, "except"),
            [.. terms.Names(spec, "sharedWith", "tenant").Distinct().Order(StringComparer.Ordinal)]);
    }

    private Selector? Selector(YamlNode node)
    {
        if (Fields.Open(node, "select", findings, "labels", "match", "name", "network") is not { } fields) return null;
        var match = ImmutableArray.CreateBuilder<LabelMatch>();
        foreach (var item in fields.List("match"))
            if (Match(item) is { } m) match.Add(m);
        return new(fields.Texts("labels"), match.ToImmutable(), fields.Text("name"), fields.Text("network"));
    }

    private LabelMatch? Match(YamlNode node)
    {
        if (Fields.Open(node, "an entry of 'match'", findings, "key", "in", "notIn", "exists") is not { } fields) return null;
        var key = fields.Text("key", required: true);
        if (Tests.Count(fields.Has) != 1) findings.Error("bad-match", fields.At, "an entry of 'match' needs exactly one of in, notIn, exists");
        return key is null ? null : new(key, Values(fields, "in"), Values(fields, "notIn"), fields.Has("exists") ? fields.Flag("exists") : null);
    }

    private static ImmutableArray<string>? Values(Fields fields, string name) =>
        fields.Has(name) ? [.. fields.List(name).Select(n => fields.TextOf(n, $"an entry of '{name}'")).OfType<string>().Distinct().Order(StringComparer.Ordinal)] : null;
}
