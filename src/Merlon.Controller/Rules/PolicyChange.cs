using System.Collections.Immutable;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>What an apply or a delete would make of the stored documents. Pure; nothing is committed here.</summary>
/// <param name="Next">The documents afterwards, with the revisions they would get.</param>
/// <param name="Changed">References of documents that say something else afterwards, or are gone.</param>
/// <param name="Rewritten">References to store anew: the changed ones, and those of which only comments, file or line moved.</param>
internal sealed record PolicyChange(
    PolicyDocuments Next, ImmutableSortedSet<string> Changed, ImmutableSortedSet<string> Rewritten)
{
    /// <summary>Tenants of which anything changed: each gets one new revision.</summary>
    public IEnumerable<string> Tenants => Changed.Select(Document.TenantOf).Distinct().Order(StringComparer.Ordinal);

    /// <param name="prune">Also remove the other documents of the tenants named in <paramref name="parsed"/>.</param>
    public static PolicyChange Apply(PolicyDocuments current, IReadOnlyList<ManifestText> files, ParseResult parsed, bool prune)
    {
        var slices = files.GroupBy(f => f.Path, StringComparer.Ordinal).ToDictionary(g => g.Key, g => new ManifestSlices(g.Last()), StringComparer.Ordinal);
        var entries = current.Entries;
        foreach (var document in parsed.Documents)
        {
            var (line, text) = slices[document.Position.File].At(document.Position.Line);
            entries = entries.SetItem(document.Ref, new(document, ManifestPrinter.Print(document), new(document.Position.File, line, text, 0)));
        }
        if (prune)
        {
            var tenants = parsed.Documents.Select(d => d.Tenant).ToHashSet();
            var named = parsed.Documents.Select(d => d.Ref).ToHashSet();
            entries = entries.RemoveRange(entries.Where(e => tenants.Contains(e.Value.Document.Tenant) && !named.Contains(e.Key)).Select(e => e.Key));
        }
        return Between(current, entries);
    }

    /// <summary>What may not stand in one apply: a document twice, an inventory.</summary>
    public static IEnumerable<Diagnostic> Misplaced(ParseResult parsed)
    {
        foreach (var twice in parsed.Documents.GroupBy(d => d.Ref).Where(g => g.Count() > 1))
            foreach (var document in twice.Skip(1))
                yield return Error(document, "duplicate-name", $"{document.Kind} '{document.Name}' of tenant '{document.Tenant}' stands twice",
                    $"first at {twice.First().Position.File}:{twice.First().Position.Line}; rename or remove one");
        foreach (var inventory in parsed.Documents.OfType<InventoryDocument>())
            yield return Error(inventory, "inventory-not-stored", "an Inventory is not applied: the controller knows the VMs from the agents", "use it with 'merlon check -i' and 'merlon test -i'");
    }

    private static Diagnostic Error(Document document, string code, string message, string hint) =>
        new(Severity.Error, code, message, document.Position.File, document.Position.Line, document.Position.Column, hint);

    public static PolicyChange Remove(PolicyDocuments current, string reference) => Between(current, current.Entries.Remove(reference));

    /// <param name="entries">All documents as they are to be.</param>
    public static PolicyChange To(PolicyDocuments current, ImmutableSortedDictionary<string, PolicyEntry> entries) => Between(current, entries);

    private static PolicyChange Between(PolicyDocuments current, ImmutableSortedDictionary<string, PolicyEntry> entries)
    {
        var old = current.Entries;
        var changed = entries.Where(e => old.GetValueOrDefault(e.Key)?.Canonical != e.Value.Canonical).Select(e => e.Key)
            .Concat(old.Keys.Where(k => !entries.ContainsKey(k))).ToImmutableSortedSet(StringComparer.Ordinal);
        var revisions = current.Revisions;
        foreach (var tenant in changed.Select(Document.TenantOf).Distinct()) revisions = revisions.SetItem(tenant, revisions.GetValueOrDefault(tenant) + 1);
        var rewritten = changed.ToBuilder();
        foreach (var (reference, entry) in entries)
        {
            if (ReferenceEquals(old.GetValueOrDefault(reference), entry)) continue;
            var revision = changed.Contains(reference) ? revisions[Document.TenantOf(reference)] : old[reference].State.Revision;
            var state = entry.State with { Revision = revision };
            entries = entries.SetItem(reference, entry with { State = state });
            if (state != old.GetValueOrDefault(reference)?.State) rewritten.Add(reference);
        }
        return new(new(entries, revisions), changed, rewritten.ToImmutable());
    }
}
