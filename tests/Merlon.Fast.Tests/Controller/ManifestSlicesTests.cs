using Merlon.Controller.Rules;
using Merlon.Controller.Store;
using Merlon.Policy.Text;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>A document is stored as it was written, and what is stored reads back as the same document.</summary>
public sealed class ManifestSlicesTests : IDisposable
{
    private const string A = "apiVersion: merlon/v1\nkind: Group\nmetadata: {name: a, tenant: shop}\nspec: {select: {}}\n";
    private const string B = "apiVersion: merlon/v1\nkind: Group\nmetadata: {name: b, tenant: shop}\nspec: {cidrs: [192.0.2.0/24]}\n";
    private const string InLine = "{apiVersion: merlon/v1, kind: Group, metadata: {name: b, tenant: shop}, spec: {cidrs: [192.0.2.0/24]}}";

    private readonly string folder = Directory.CreateTempSubdirectory("merlon-slices-").FullName;

    public static TheoryData<string> Files =>
    [
        A + "---\n" + B,
        "---\n" + A + "\n\n---\n# of b\n" + B + "...\n",
        (A + "---\n" + B).ReplaceLineEndings("\r\n"),
        (A + "---\n" + B).ReplaceLineEndings("\r"),
        A + "# a form feed \f ends no line\n---\n" + B,
        A + "# nor \v does this\n---\n" + B,
        A + "# these do: \u2028# \u2029# \u0085# end\n---\n" + B,
        A + "--- " + InLine + "\n",
        A + "---\t" + InLine,
        A + "--- # a comment\n" + B.TrimEnd('\n'),
        A + "...\n---\n" + B,
        "---\n---\n" + A + "---\n---\n" + B + "---\n",
        A.Replace("tenant: shop", "tenant: shop, annotations: {note: \"one\\n--- two\"}", StringComparison.Ordinal) + "---\n" + B,
        A.Replace("metadata: {name: a, tenant: shop}", "metadata:\n  name: a\n  tenant: shop\n  annotations:\n    note: |+\n      one\n      --- two\n\n\n", StringComparison.Ordinal) + "---\n" + B,
    ];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(Files))]
    public void Stored_documents_read_back_as_they_were_applied(string text)
    {
        ManifestText[] files = [new("f.yaml", text)];
        var parsed = ManifestParser.Parse(files);
        Assert.Empty(parsed.Diagnostics);
        Assert.Equal(["group/shop/a", "group/shop/b"], parsed.Documents.Select(d => d.Ref));
        using var store = new SqliteStateStore(Path.Combine(folder, "state.db"));
        var change = PolicyChange.Apply(PolicyDocuments.Empty, files, parsed, prune: false);
        var batch = new StateBatch();
        RevisionWriter.Write(change, "test", null, DateTimeOffset.UnixEpoch, batch);
        store.Put(batch);
        var read = PolicyDocuments.Load(store);
        Assert.Equal(change.Next.Entries.Select(Said), read.Entries.Select(Said));
        Assert.Equal(change.Next.Revisions, read.Revisions);
        // The same file again changes nothing, and errors in it are told where they stand in it.
        Assert.Empty(PolicyChange.Apply(read, files, parsed, prune: true).Rewritten);
        Assert.Equal(parsed.Documents.Select(d => d.Position), read.Entries.Values.Select(e => e.Document.Position));
    }

    private static (string, string, DocumentState) Said(KeyValuePair<string, PolicyEntry> entry) => (entry.Key, entry.Value.Canonical, entry.Value.State);
}
