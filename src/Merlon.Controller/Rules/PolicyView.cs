using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Controller.Store;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>Policies, rules, documents and revisions as people see them, and the answer to explain.</summary>
internal sealed class PolicyView(Rooms rooms)
{
    private const int MaxRevisions = 1000;
    private readonly PolicyState state = rooms.Applier.State;

    public IReadOnlyList<PolicyRecord> Policies() => [.. state.Set.Policies.Select(p => new PolicyRecord(p.Document.Tenant, p.Document.Name,
        Lower(p.Document.Tier), p.Document.Priority, Lower(p.Document.Enforcement), p.Revision, p.Document.Rules.Length, p.Document.Annotations))];

    public IReadOnlyList<RuleRecord> Rules()
    {
        var hits = rooms.Registry.Hosts.SelectMany(h => h.Hits).GroupBy(h => h.Key).ToDictionary(g => g.Key, g => g.Sum(h => (long)h.Value));
        return [.. state.Set.Policies.SelectMany(p => p.Document.Rules.Select(r => Rule(p, r, hits)))];
    }

    public IReadOnlyList<DocumentRecord> Documents() => [.. state.Documents.Entries.Values.Select(e =>
        new DocumentRecord(e.Document.Ref, e.Document.Kind, e.Document.Tenant, e.Document.Name, e.State.Revision, e.State.Text))];

    /// <summary>Newest first.</summary>
    public IReadOnlyList<RevisionRecord> Revisions()
    {
        var all = new List<RevisionRecord>();
        for (long after = 0; ;)
        {
            var page = rooms.Store.Read(Keys.Revisions, after, MaxRevisions);
            all.AddRange(page.Select(r => JsonSerializer.Deserialize(r.Value.Span, StateJson.Default.RevisionState)!.Record));
            if (page.Count < MaxRevisions) break;
            after = page[^1].Number;
        }
        all.Reverse();
        return all;
    }

    /// <summary>Null and the problem when the question names nothing known.</summary>
    public ExplainResult? Explain(ExplainRequest request, out string? problem)
    {
        var told = Explainer.Explain(state.Set, state.Inventory.Vms, Named(request.From), Named(request.To), request.Service,
            request.SourcePort, rooms.Clock.GetUtcNow().ToUnixTimeSeconds());
        problem = told.Error;
        return told.Answer is not { } answer ? null : new(request.From, request.To, request.Service, VerdictText(answer.Verdict), answer.Reason,
            [.. answer.Hops.Select(Hop)], told.Assumptions);
    }

    // A vnet name is known here only: policy text speaks of VMs.
    private string Named(string text) => text.Contains('/', StringComparison.Ordinal) ? text
        : state.Inventory.Find(text) is { } place && place.Vm.Name != text ? place.Vm.Uuid : text;

    private static ExplainHop Hop(PlainHop hop) => new(hop.Direction == Direction.Out ? $"out of {hop.Vm}" : $"into {hop.Vm}", hop.Vm,
        VerdictText(hop.Side.Verdict), hop.Side.Rule?.ToString() ?? "", hop.Reason, hop.Tier is { } tier ? Lower(tier) : null, hop.File, hop.Line);

    private static RuleRecord Rule(StoredPolicy policy, PolicyRule rule, Dictionary<string, long> hits)
    {
        var name = policy.RefOf(rule).ToString();
        var document = policy.Document;
        return new(name, Lower(document.Tier), document.Priority, Lower(rule.Action), [.. rule.From.Select(r => r.ToString())],
            [.. rule.To.Select(r => r.ToString())], [.. rule.Services.Select(s => s.Name is { } service ? $"service/{service}" : ServiceText.Format(s.Match))],
            rule.Log, Lower(document.Enforcement), hits.GetValueOrDefault(name));
    }

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string VerdictText(Verdict verdict) => verdict switch
    {
        Verdict.WouldDeny => "would-deny",
        Verdict.WouldAllow => "would-allow",
        _ => Lower(verdict),
    };
}
