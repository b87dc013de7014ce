using System.Text.Json;
using Merlon.Contracts;
using Merlon.Contracts.Api;
using Merlon.Policy.Cases;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Agent.Judge;

/// <summary>merlon-agent judge: cases in, verdicts of the real program out. No daemon, no libvirt.</summary>
internal static class JudgeVerb
{
    private const int Differences = 6;

    public static int Run(ReadOnlySpan<string> words)
    {
        var input = JudgeInput.Parse(words);
        var parsed = ManifestParser.Parse(input.Manifests.SelectMany(Expand).Distinct().Select(Read));
        var inventory = VmInventory.FromDocuments(parsed.Documents.OfType<InventoryDocument>());
        var built = PolicySet.Build(parsed.Documents.Where(d => d is not InventoryDocument).Select(d => new StoredDocument(d, 0)));
        var cases = input.Cases is { } file ? CaseFile.Parse(Read(file)) : new([.. parsed.Documents.OfType<PolicyTestDocument>().SelectMany(d => d.Cases)], []);
        Require(parsed.Diagnostics.Concat(built.Diagnostics).Concat(cases.Diagnostics));
        // One CPU: what from_vm leaves for to_vm is per CPU.
        using var pin = Datapath.CpuPin.Here();
        using var judge = new KernelJudge(built.Set!, inventory, input.ObjectPath);
        IReadOnlyList<CaseResult> results = [.. CaseRunner.Run(cases.Rows, built.Set!, inventory, "kernel", judge.Judge).Select(Result)];
        Console.WriteLine(JsonSerializer.Serialize(results, ApiJson.Default.IReadOnlyListCaseResult));
        return results.All(r => r.Ok) ? 0 : Differences;
    }

    private static CaseResult Result(CaseOutcome o) => new(o.Index, o.Row.From, o.Row.To, o.Row.Service, o.Engine,
        Datapath.Abi.AbiText.Text(o.Flow.Verdict), o.Flow.Reason, o.Flow.OutRule?.ToString(), o.Flow.InRule?.ToString(), o.Ok);

    private static void Require(IEnumerable<Diagnostic> findings)
    {
        var errors = 0;
        foreach (var finding in findings.Distinct())
        {
            Console.Error.WriteLine(finding);
            if (finding.Severity == Severity.Error) errors++;
        }
        if (errors > 0) throw new AgentFault("bad-input", $"{errors} errors in policy, inventory or cases", "correct them first");
    }

    private static IEnumerable<string> Expand(string path) => Directory.Exists(path)
        ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(f => f.EndsWith(".yaml", StringComparison.Ordinal) || f.EndsWith(".yml", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        : [path];

    private static ManifestText Read(string path)
    {
        if (!File.Exists(path)) throw new AgentFault("bad-input", $"{path} does not exist", "name a file or a folder with manifests");
        return new(path, ManifestBytes.Text(path) ?? throw new AgentFault("bad-input", $"{path} is larger than {ManifestBytes.Most >> 20} MiB", "split it"));
    }
}
