using System.Collections.Immutable;
using Merlon.Contracts.Api;
using Merlon.Policy.Analyze;
using Merlon.Policy.Compile;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Merlon.Policy.Text;

namespace Merlon.Cli.Offline;

/// <summary>Policy and inventory read from files, with no server.</summary>
/// <param name="Set">Null when a finding is an error.</param>
internal sealed record OfflinePolicy(
    PolicySet? Set, VmInventory Inventory, ImmutableArray<Document> Documents, ImmutableArray<Diagnostic> Findings)
{
    /// <summary>Reads and checks everything; all findings of all files are reported at once.</summary>
    public static OfflinePolicy Load(IEnumerable<string> policy, IEnumerable<string> inventory)
    {
        var files = Manifests.Read([.. policy, .. inventory]);
        var parsed = ManifestParser.Parse(files.Select(f => new ManifestText(f.Path, f.Text)));
        var vms = VmInventory.FromDocuments(parsed.Documents.OfType<InventoryDocument>());
        if (!parsed.Ok) return new(null, vms, parsed.Documents, PolicySet.Findings(parsed, []));
        var built = PolicySet.Build(parsed.Documents.Where(d => d is not InventoryDocument).Select(d => new StoredDocument(d, 0)));
        ImmutableArray<Diagnostic> findings = [.. parsed.Diagnostics, .. built.Diagnostics];
        if (built.Set is { } set && vms.Vms.Length > 0) findings = findings.AddRange(Resolved(set, vms));
        return new(built.Set, vms, parsed.Documents, findings);
    }

    /// <summary>With what a reader would want to know too: what is over a limit; rules that do nothing for the VMs of the inventory, or let pass more than is declared; reviews that are due.</summary>
    public OfflinePolicy WithWarnings(long at) => Set is null ? this
        : this with { Findings = [.. Findings, .. Limits(Set, Inventory, at), .. RuleWarnings.Of(new(Set, Inventory), at), .. DeclaredRules.Of(Set, at), .. DueReviews.Of(Set, at)] };

    /// <summary>The set, or the end of the verb with every error on stderr.</summary>
    public PolicySet Require(Call call)
    {
        foreach (var f in Findings) call.Say(f.ToString());
        return Set is not null && !Findings.Any(f => f.Severity == Severity.Error)
            ? Set : throw new CliException("the policy has errors", "correct them first");
    }

    public IReadOnlyList<DiagnosticRecord> Records => [.. Findings.Select(Record)];

    private static ImmutableArray<Diagnostic> Resolved(PolicySet set, VmInventory vms)
    {
        var resolver = new Resolver(set, vms);
        foreach (var host in Hosts(vms)) resolver.Of(host, 0);
        return resolver.Diagnostics;
    }

    private static IEnumerable<Diagnostic> Limits(PolicySet set, VmInventory vms, long at)
    {
        var resolver = new Resolver(set, vms, at);
        return Hosts(vms).SelectMany(host => LimitErrors.Of(set, ImageCompiler.Compile(resolver.Of(host, 0), at))).Distinct();
    }

    private static IEnumerable<string> Hosts(VmInventory vms) => vms.Vms.Select(v => v.Host).Distinct();

    public static DiagnosticRecord Record(Diagnostic d) =>
        new(d.Severity == Severity.Error ? "error" : "warning", d.Code, d.Message, d.File, d.Line, d.Column, d.Hint);
}
