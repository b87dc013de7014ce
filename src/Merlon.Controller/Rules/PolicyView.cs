using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Controller.Agents;
using Merlon.Controller.Store;
using Merlon.Policy.Analyze;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>What is applied, as the API tells it.</summary>
internal sealed class PolicyView(Applier applier, HostRegistry registry, IStateStore store)
{
    private const int RevisionPage = 1000;

    public IReadOnlyList<DocumentRecord> Documents() =>
        [.. applier.State.Documents.Entries.Values.Select(e => new DocumentRecord(
            e.Document.Ref, e.Document.Kind, e.Document.Tenant, e.Document.Name, e.State.Revision, e.State.Text))];

    public IReadOnlyList<PolicyRecord> Policies() =>
        [.. applier.State.Set.Policies.Select(p => new PolicyRecord(
            p.Document.Tenant, p.Document.Name, Words.Of(p.Document.Tier), p.Document.Priority, Words.Of(p.Document.Enforcement),
            p.Revision, p.Document.Rules.Length, p.Document.Annotations, p.Document.Protected))];

    /// <summary>In the order they judge.</summary>
    public IReadOnlyList<RuleRecord> Rules()
    {
        var (hits, would) = (registry.Hits, registry.Would);
        return [.. applier.State.Set.Policies.SelectMany(p => p.Document.Rules.Select(r => Rule(p, r, hits, would)))];
    }

    public IReadOnlyList<GroupRecord> Groups()
    {
        var state = applier.State;
        return [.. state.Set.Groups.Select(g => new GroupRecord(g.Tenant, g.Name,
            [.. GroupMembers.Of(state.Set, g, state.Vms).Select(n => n.Vm.Name).Distinct()], [.. g.Cidrs.Select(c => c.ToString())]))];
    }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<RevisionRecord> Revisions()
    {
        var all = new List<RevisionRecord>();
        for (long after = 0; ;)
        {
            var page = store.Read(Keys.Revisions, after, RevisionPage);
            all.AddRange(page.Select(r => JsonSerializer.Deserialize(r.Value.Span, StateJson.Default.RevisionState)!.Record));
            if (page.Count < RevisionPage) return all;
            after = page[^1].Number;
        }
    }

    /// <summary>Would this traffic pass now? Else why there is no answer.</summary>
    public (ExplainResult? Result, string? Error) Explain(ExplainRequest question, DateTimeOffset at)
    {
        var state = applier.State;
        var said = Explainer.Explain(state.Set, state.Vms, VmOf(question.From), VmOf(question.To), question.Service, question.SourcePort, at.ToUnixTimeSeconds());
        if (said.Answer is not { } answer) return (null, said.Error ?? "there is no answer");
        return (new(question.From, question.To, question.Service, ExplainRecords.Word(answer.Verdict), answer.Reason,
            [.. answer.Hops.Select(ExplainRecords.Hop)], said.Assumptions, ExplainRecords.Packet(said.Question!.Value)), null);
    }

    /// <summary>Can any of these ever reach any of those, as policy is now?</summary>
    public ProveResult Prove(ProveRequest question, DateTimeOffset at) =>
        Prover.Prove(applier.State.Revision, question.From, question.To, question.Service, at.ToUnixTimeSeconds());

    /// <summary>What one end can reach (<paramref name="direction"/> out), or who can reach it, as policy is now.</summary>
    public (IReadOnlyList<AccessRecord> Boxes, Problem? Problem) Access(string who, Direction direction, DateTimeOffset at)
    {
        var revision = applier.State.Revision;
        var result = Policy.Analyze.Access.Of(revision, who, direction, at.ToUnixTimeSeconds());
        return (ChangeRecords.Of(result, revision), result.Problem);
    }

    // People say vnet names too; the policy language does not know them.
    private string VmOf(string name) => applier.State.Inventory.Find(name) is { } place ? "vm/" + place.Vm.Uuid : name;

    private static RuleRecord Rule(StoredPolicy policy, PolicyRule rule, IReadOnlyDictionary<string, long> hits, IReadOnlyDictionary<string, long> would)
    {
        var (document, reference) = (policy.Document, policy.RefOf(rule).ToString());
        return new(reference, Words.Of(document.Tier), document.Priority, Words.Of(rule.Action),
            [.. rule.From.Select(r => r.ToString())], [.. rule.To.Select(r => r.ToString())],
            [.. rule.Services.Select(s => s.Name is null ? ServiceText.Format(s.Match) : "service/" + s.Name)],
            rule.Log, Words.Of(document.Enforcement), hits.GetValueOrDefault(reference), would.GetValueOrDefault(reference));
    }
}
