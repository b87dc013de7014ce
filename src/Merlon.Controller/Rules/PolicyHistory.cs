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

    private IEnumerable<StoredDocument> Documents(string tenant, long revision)
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
        return texts.SelectMany(t => ManifestParser.Parse([new($"{t.Key}@{t.Value.Revision}", t.Value.Text)]).Documents.Select(d => new StoredDocument(d, t.Value.Revision)));
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
