using Merlon.Policy.Compile;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Merlon.Policy.Text;

namespace Merlon.Fast.Tests.Policy;

/// <summary>A policy and an inventory from text, resolved and compiled.</summary>
internal sealed class Scene
{
    public Scene(string text, string host = "")
    {
        var parsed = ManifestParser.Parse([new("scene.yaml", text)]);
        var built = PolicySet.Build(parsed.Documents.Select(d => new StoredDocument(d, 1)));
        Set = built.Set is { } set && parsed.Ok ? set : throw new InvalidOperationException(string.Join('\n', [.. parsed.Diagnostics, .. built.Diagnostics]));
        Inventory = VmInventory.FromDocuments(Set.Inventories);
        Resolved = Resolver.Resolve(Set, Inventory, host, 1);
        Compiled = ImageCompiler.Compile(Resolved.Policy, 0);
    }

    public PolicySet Set { get; }

    public VmInventory Inventory { get; }

    public ResolveResult Resolved { get; }

    public HostPolicy Policy => Resolved.Policy;

    public CompileResult Compiled { get; }

    public HostImage Image => Compiled.Image ?? throw new InvalidOperationException(string.Join('\n', Compiled.Errors));

    /// <summary>Record of the first vNIC of a VM.</summary>
    public int Nic(string vm) => Image.Nics.Select((n, i) => (n.Key.VmUuid, i)).First(n => n.VmUuid == Inventory.Named(vm, null).First().Uuid).i;

    /// <summary>Ruleset digest of the first vNIC of a VM.</summary>
    public string Digest(string vm) => Image.Nics.First(n => n.Key.VmUuid == Inventory.Named(vm, null).First().Uuid).RulesetDigest;

    public static string Vm(string name, string labels, string addresses, string more = "") =>
        $"  - {{name: {name}, tenant: shop, labels: {{{labels}}}, nics: [{{mac: 52:54:00:00:00:01, network: br0, addresses: [{addresses}]}}]{more}}}\n";

    public static string VmsOf(params string[] vms) => "---\napiVersion: merlon/v1\nkind: Inventory\nspec:\n  vms:\n" + string.Concat(vms);

    public static string Group(string name, string spec, string tenant = "shop") =>
        $"---\napiVersion: merlon/v1\nkind: Group\nmetadata: {{name: {name}, tenant: {tenant}}}\nspec: {spec}\n";

    public static string Rules(string name, params string[] rules) =>
        $"---\napiVersion: merlon/v1\nkind: Policy\nmetadata: {{name: {name}, tenant: shop}}\nspec:\n  rules:\n" + string.Concat(rules.Select(r => $"  - {{{r}}}\n"));
}
