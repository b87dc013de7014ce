using System.Collections.Immutable;
using System.Text.Json;
using Merlon.Controller.Inventory;
using Merlon.Controller.Store;
using Merlon.Policy.Analyze;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>Past revisions, put together from what each commit changed.</summary>
internal sealed class PolicyHistory(IStateStore store)
{
    /// <summary>The tenant never had that revision.</summary>
    public const string Unknown = "unknown";

    private const int Page = 1000;

    /// <summary>The tenant's documents as they were, among everybody else's present ones.</summary>
    public (Revision? Revision, string? Error) At(PolicyState now, string tenant, long revision)
    {
        if (revision < 0 || revision > now.Documents.Revisions.GetValueOrDefault(tenant)) return (null, Unknown);
        var documents = now.Documents.Stored.Where(d => d.Document.Tenant != tenant).Concat(Documents(tenant, revision));
        var built = PolicySet.Build(documents, WithoutGuards.GuardNone);
        return built.Set is { } set ? (new(set, MetadataTrust.Of(set, now.Inventory)), null)
            : (null, $"revision {revision} of {tenant} does not go with what the others have now: {built.Diagnostics.First(d => d.Severity == Severity.Error)}");
    }

    /// <summary>All documents, those of the tenant as they were; null = it never had that revision.</summary>
    public ImmutableSortedDictionary<string, PolicyEntry>? Entries(PolicyDocuments now, string tenant, long revision)
    {
        if (revision < 0 || revision > now.Revisions.GetValueOrDefault(tenant)) return null;
        var entries = now.Entries.RemoveRange(now.Entries.Where(e => e.Value.Document.Tenant == tenant).Select(e => e.Key));
        return entries.AddRange(Past(tenant, revision).Select(e => KeyValuePair.Create(e.Document.Ref, e)));
    }

    private IEnumerable<StoredDocument> Documents(string tenant, long revision) => Past(tenant, revision).Select(e => new StoredDocument(e.Document, e.State.Revision));

    private IEnumerable<PolicyEntry> Past(string tenant, long revision)
    {
        var texts = new SortedDictionary<string, (string Text, long Revision)>(StringComparer.Ordinal);
        foreach (var state in States().Where(s => s.Record.Tenant == tenant && s.Record.Revision <= revision))
        {
            foreach (var (reference, text) in state.Texts)
            {
                if (text is null) texts.Remove(reference);
                else texts[reference] = (text, state.Record.Revision);
            }
        }
        return texts.SelectMany(t =>
        {
            var file = $"{t.Key}@{t.Value.Revision}";
            return ManifestParser.Parse([new(file, t.Value.Text)]).Documents.Select(d => new PolicyEntry(d, ManifestPrinter.Print(d), new(file, 1, t.Value.Text, t.Value.Revision)));
        });
    }

    private IEnumerable<RevisionState> States()
    {
        for (long after = 0; ;)
        {
            var page = store.Read(Keys.Revisions, after, Page);
            foreach (var record in page) yield return JsonSerializer.Deserialize(record.Value.Span, StateJson.Default.RevisionState)!;
            if (page.Count < Page) yield break;
            after = page[^1].Number;
        }
    }
}
