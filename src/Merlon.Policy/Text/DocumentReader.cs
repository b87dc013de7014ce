using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>The frame of every document: apiVersion, kind, metadata; the kind's own reader takes the spec.</summary>
internal sealed class DocumentReader(Findings findings)
{
    public const string ApiVersion = "merlon/v1";

    private static readonly string[] Kinds = ["Group", "Service", "Policy", "PolicyTest", "Guard", "Tenant", "Inventory"];

    /// <summary>The document, as far as it could be read; null = nobody knows which one it is.</summary>
    public Document? Read(YamlNode node)
    {
        var errors = findings.Errors;
        if (Fields.Open(node, "a document", findings, "apiVersion", "kind", "metadata", "spec") is not { } top) return null;
        if (top.Text("apiVersion", required: true) is { } version && version != ApiVersion)
            findings.Error("bad-api-version", top.Place("apiVersion"), $"apiVersion '{version}' is not known", $"expected {ApiVersion}");
        var kind = Kind(top);
        if (kind is null) return null;
        var head = Head(top, kind);
        var known = findings.Errors == errors;
        var spec = top.Get("spec", required: true);
        var document = spec is null ? null : Spec(kind, head, spec);
        return known ? document : null;
    }

    private string? Kind(Fields top)
    {
        if (top.Text("kind", required: true) is not { } kind) return null;
        if (Kinds.Contains(kind)) return kind;
        findings.Error("bad-kind", top.Place("kind"), $"kind '{kind}' is not known", NearestName.Hint(kind, Kinds) ?? "known: " + string.Join(", ", Kinds));
        return null;
    }

    private DocumentHead Head(Fields top, string kind)
    {
        var operators = kind is "Guard" or "Tenant" or "Inventory";
        var none = ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal);
        if (top.Get("metadata", required: kind != "Inventory") is not { } node) return new(Document.Platform, kind == "Inventory" ? "inventory" : "", none, top.At);
        if (Fields.Open(node, "metadata", findings, "name", "tenant", "annotations") is not { } metadata) return new("", "", none, top.At);
        var name = metadata.Text("name", required: kind != "Inventory") ?? "inventory";
        var tenant = metadata.Text("tenant", required: !operators) ?? Document.Platform;
        CheckName(name, metadata.Place("name"), kind == "Tenant" ? "tenant" : "document");
        CheckName(tenant, metadata.Place("tenant"), "tenant");
        return new(tenant, name, metadata.Texts("annotations"), top.At);
    }

    private void CheckName(string name, Position at, string what)
    {
        if (!NameRules.IsName(name)) findings.Error("bad-name", at, $"'{name}' is no {what} name", "expected " + NameRules.Documents);
    }

    private Document? Spec(string kind, DocumentHead head, YamlNode spec)
    {
        var terms = new TermReader(findings);
        return kind switch
        {
            "Group" => new GroupReader(findings, terms).Read(head, spec),
            "Service" => new ServiceReader(findings, terms).Read(head, spec),
            "Policy" => new RulesReader(findings, terms).Read(head, spec),
            "PolicyTest" => new CasesReader(findings).Read(head, spec),
            "Guard" => new GuardReader(findings, terms).Read(head, spec),
            "Tenant" => new TenantReader(findings).Read(head, spec),
            _ => new InventoryReader(findings).Read(head, spec),
        };
    }
}
