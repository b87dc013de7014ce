using Merlon.Policy.Cases;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Text;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>A file of tests/cases/policy/decide: policy, inventory and expected verdicts. The kernel tests link this file.</summary>
internal static class DecideFile
{
    public static (PolicySet Set, VmInventory Inventory, CaseRow[] Rows) Read(string file)
    {
        var parsed = ManifestParser.Parse([new(file, CaseFolder.Read(file))]);
        Assert.Empty(parsed.Diagnostics);
        var built = PolicySet.Build(parsed.Documents.Select(d => new StoredDocument(d, 1)));
        Assert.Empty(built.Diagnostics);
        CaseRow[] rows = [.. built.Set!.Tests.SelectMany(t => t.Cases)];
        Assert.NotEmpty(rows);
        return (built.Set, VmInventory.FromDocuments(built.Set.Inventories), rows);
    }
}
