using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Controller.Store;

namespace Merlon.Controller.Rules;

/// <summary>A change as writes to the store: documents, one revision for each tenant it touches.</summary>
internal static class RevisionWriter
{
    public static IReadOnlyList<RevisionRecord> Write(PolicyChange change, string by, DateTimeOffset at, StateBatch batch)
    {
        foreach (var reference in change.Rewritten)
        {
            if (change.Next.Entries.TryGetValue(reference, out var entry))
                batch.Put(Keys.Document + reference, JsonSerializer.SerializeToUtf8Bytes(entry.State, StateJson.Default.DocumentState));
            else
                batch.Remove(Keys.Document + reference);
        }
        return [.. change.Tenants.Select(tenant => Write(tenant, change, by, at, batch))];
    }

    private static RevisionRecord Write(string tenant, PolicyChange change, string by, DateTimeOffset at, StateBatch batch)
    {
        var changed = change.Changed.Where(r => PolicyChange.TenantOf(r) == tenant).ToList();
        var record = new RevisionRecord(tenant, change.Next.Revisions[tenant], at, by, changed);
        var texts = changed.ToDictionary(r => r, r => change.Next.Entries.GetValueOrDefault(r)?.State.Text);
        batch.Append(Keys.Revisions, JsonSerializer.SerializeToUtf8Bytes(new RevisionState(record, texts), StateJson.Default.RevisionState));
        batch.Put(Keys.Tenant + tenant, JsonSerializer.SerializeToUtf8Bytes(record.Revision, StateJson.Default.Int64));
        return record;
    }
}
