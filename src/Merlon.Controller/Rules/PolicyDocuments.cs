using System.Collections.Immutable;
using System.Text.Json;
using Merlon.Controller.Store;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>All stored documents by reference, and every tenant's newest revision. Immutable.</summary>
internal sealed record PolicyDocuments(ImmutableSortedDictionary<string, PolicyEntry> Entries, ImmutableSortedDictionary<string, long> Revisions)
{
    public static PolicyDocuments Empty { get; } = new(
        ImmutableSortedDictionary.Create<string, PolicyEntry>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal));

    public IEnumerable<StoredDocument> Stored => Entries.Values.Select(e => new StoredDocument(e.Document, e.State.Revision));

    /// <summary>Reads everything back. What this controller wrote it can read; else the file was altered or is of another version.</summary>
    public static PolicyDocuments Load(IStateStore store)
    {
        var documents = Empty;
        foreach (var value in store.List(Keys.Document))
        {
            var state = Read(value);
            var parsed = ManifestParser.Parse([new(state.File, state.Text, state.Line)]);
            if (!parsed.Ok || parsed.Documents.Length != 1)
                throw new StartException($"the stored document {value.Key} cannot be read: {string.Join("; ", parsed.Diagnostics)}");
            var document = parsed.Documents[0];
            documents = documents with { Entries = documents.Entries.SetItem(document.Ref, new(document, ManifestPrinter.Print(document), state)) };
        }
        foreach (var value in store.List(Keys.Tenant))
        {
            var revision = JsonSerializer.Deserialize(value.Value.Span, StateJson.Default.Int64);
            documents = documents with { Revisions = documents.Revisions.SetItem(value.Key[Keys.Tenant.Length..], revision) };
        }
        return documents;
    }

    private static DocumentState Read(StateValue value)
    {
        try
        {
            return JsonSerializer.Deserialize(value.Value.Span, StateJson.Default.DocumentState) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new StartException($"the stored document {value.Key} cannot be read: {e.Message}", e);
        }
    }
}
