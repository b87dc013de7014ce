using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Controller.Store;
using Merlon.Policy.Model;

namespace Merlon.Controller.Rules;

/// <summary>A change as writes to the store: documents, one revision for each tenant it touches.</summary>
internal static class RevisionWriter
{
    public static IReadOnlyList<RevisionRecord> Write(PolicyChange change, string by, string? note, DateTimeOffset at, StateBatch batch)
    {
        foreach (var reference in change.Rewritten)
        {
            if (change.Next.Entries.TryGetValue(reference, out var entry))
                batch.Put(Keys.Document + reference, JsonSerializer.SerializeToUtf8Bytes(entry.State, StateJson.Default.DocumentState));
            else
                batch.Remove(Keys.Document + reference);
        }
        return [.. change.Tenants.Select(tenant => Write(tenant, change, by, note, at, batch))];
    }

    private static RevisionRecord Write(string tenant, PolicyChange change, string by, string? note, DateTimeOffset at, StateBatch batch)
    {
        var changed = change.Changed.Where(r => Document.TenantOf(r) == tenant).ToList();
        var record = new RevisionRecord(tenant, change.Next.Revisions[tenant], at, by, changed, note);
        var texts = changed.ToDictionary(r => r, r => change.Next.Entries.GetValueOrDefault(r)?.State.Text);
        Append(new(record, texts), batch);
        batch.Put(Keys.Tenant + tenant, JsonSerializer.SerializeToUtf8Bytes(record.Revision, StateJson.Default.Int64));
        return record;
    }

    /// <summary>A revision that changes nothing: what became of one that is there.</summary>
    public static RevisionRecord Remark(string tenant, long revision, string by, string note, DateTimeOffset at, StateBatch batch)
    {
        var record = new RevisionRecord(tenant, revision, at, by, [], note);
        Append(new(record, new Dictionary<string, string?>()), batch);
        return record;
    }

    private static void Append(RevisionState state, StateBatch batch) =>
        batch.Append(Keys.Revisions, JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.RevisionState));
}
