using System.Collections.Immutable;
using Merlon.Policy.Text;

namespace Merlon.Policy.Model;

/// <summary>All documents of an installation, valid as a whole and immutable: every reference leads somewhere, no cycles,
/// no duplicate names, every tenant within its rights. The order of the input is no part of it.</summary>
public sealed class PolicySet
{
    private readonly Dictionary<(string Tenant, string Name), GroupDocument> _groups = [];
    private readonly Dictionary<(string Tenant, string Name), ServiceDocument> _services = [];
    private readonly Dictionary<string, TenantDocument> _tenants = [];

    internal PolicySet(ImmutableArray<StoredDocument> documents, WithoutGuards withoutGuards)
    {
        Documents = [.. documents.OrderBy(d => d.Document.Ref, StringComparer.Ordinal)];
        foreach (var document in Documents.Select(d => d.Document))
        {
            if (document is GroupDocument g) _groups.TryAdd((g.Tenant, g.Name), g);
            if (document is ServiceDocument s) _services.TryAdd((s.Tenant, s.Name), s);
            if (document is TenantDocument t) _tenants.TryAdd(t.Name, t);
        }
        Policies = [.. Documents.Where(d => d.Document is PolicyDocument).Select(d => new StoredPolicy((PolicyDocument)d.Document, d.Revision))
            .OrderBy(p => p.Document.Tier).ThenBy(p => !p.Document.Protected).ThenBy(p => p.Document.Priority)
            .ThenBy(p => p.Document.Name, StringComparer.Ordinal).ThenBy(p => p.Document.Tenant, StringComparer.Ordinal)];
        Guards = [.. Of<GuardDocument>().OrderBy(g => g.Priority).ThenBy(g => g.Name, StringComparer.Ordinal)];
        GuardsAll = Guards.IsEmpty && withoutGuards == WithoutGuards.GuardAll;
    }

    /// <summary>Ordered by <see cref="Document.Ref"/>.</summary>
    public ImmutableArray<StoredDocument> Documents { get; }

    /// <summary>In the order they judge: tier, protected ones, priority, name.</summary>
    public ImmutableArray<StoredPolicy> Policies { get; }

    /// <summary>In the order they are tried: priority, name.</summary>
    public ImmutableArray<GuardDocument> Guards { get; }

    /// <summary>No Guard document, and every vNIC is guarded for that.</summary>
    public bool GuardsAll { get; }

    public IEnumerable<GroupDocument> Groups => Of<GroupDocument>();

    public IEnumerable<PolicyTestDocument> Tests => Of<PolicyTestDocument>();

    public IEnumerable<InventoryDocument> Inventories => Of<InventoryDocument>();

    /// <summary>The set, or every error that keeps the documents from being one.</summary>
    public static PolicySetResult Build(IEnumerable<StoredDocument> documents, WithoutGuards withoutGuards = WithoutGuards.GuardAll)
    {
        var all = documents.ToImmutableArray();
        var set = new PolicySet(all, withoutGuards);
        var findings = new PolicySetChecks(set, []).Run(all);
        return new(findings.Any(f => f.Severity == Severity.Error) ? null : set, findings);
    }

    /// <summary>Everything that is wrong with documents of which some could be read in part only, in order of file and place.</summary>
    /// <param name="stored">Those that they come beside, or in the place of.</param>
    public static ImmutableArray<Diagnostic> Findings(ParseResult parsed, IEnumerable<StoredDocument> stored)
    {
        if (parsed.Partial is not { } partial) return parsed.Diagnostics;
        ImmutableArray<Document> read = [.. parsed.Documents, .. partial];
        var named = read.Select(d => d.Ref).ToHashSet();
        ImmutableArray<StoredDocument> all = [.. stored.Where(d => !named.Contains(d.Document.Ref)), .. read.Select(d => new StoredDocument(d, 0))];
        return [.. parsed.Diagnostics.Concat(new PolicySetChecks(new(all, WithoutGuards.GuardNone), partial).Run(all))
            .OrderBy(d => d.File, StringComparer.Ordinal).ThenBy(d => d.Line == 0).ThenBy(d => d.Line).ThenBy(d => d.Column)];
    }

    /// <summary>The group a reference in a document of <paramref name="tenant"/> names; null when there is none or it is not shared.</summary>
    public GroupDocument? Group(string tenant, Reference reference)
    {
        var owner = reference.Tenant.Length > 0 ? reference.Tenant : tenant;
        return _groups.TryGetValue((owner, reference.Name), out var group) && MayName(tenant, group) ? group : null;
    }

    public static bool MayName(string tenant, GroupDocument group) =>
        tenant == group.Tenant || tenant == Document.Platform || group.SharedWith.Contains(tenant);

    /// <summary>The Service a name means for <paramref name="tenant"/>: its own, else the platform's.</summary>
    public ServiceDocument? Service(string tenant, string name) =>
        _services.GetValueOrDefault((tenant, name)) ?? _services.GetValueOrDefault((Document.Platform, name));

    /// <summary>What the terms mean, sorted and distinct.</summary>
    public ImmutableArray<ServiceMatch> Matches(string tenant, IEnumerable<ServiceTerm> terms)
    {
        var all = new SortedSet<ServiceMatch>();
        foreach (var term in terms)
        {
            if (term.Name is null) all.Add(term.Match);
            else if (term.Name == BuiltinServices.Ping) all.UnionWith(BuiltinServices.PingMatches);
            else if (Service(tenant, term.Name) is { } service) all.UnionWith(service.Members.Select(m => m.Match));
        }
        return all.Contains(ServiceMatch.Any) ? [ServiceMatch.Any] : [.. all];
    }

    /// <summary>What a tenant's VMs get when no rule decides.</summary>
    public RuleAction Default(string tenant, Direction direction) =>
        !_tenants.TryGetValue(tenant, out var t) ? RuleAction.Deny : direction == Direction.Out ? t.DefaultOut : t.DefaultIn;

    private IEnumerable<T> Of<T>() where T : Document => Documents.Select(d => d.Document).OfType<T>();
}
