using System.Collections.Immutable;
using Merlon.Contracts.Api;
using Merlon.Policy.Cases;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Text;
using CaseRow = Merlon.Policy.Cases.CaseRow;

namespace Merlon.Cli.Offline;

/// <summary>Reads cases and runs them through the engines that need no kernel.</summary>
internal static class Cases
{
    public static IReadOnlyList<CaseRow> Read(Call call, OfflinePolicy policy, string? path)
    {
        IReadOnlyList<CaseRow> rows = path is null ? [.. policy.Documents.OfType<PolicyTestDocument>().SelectMany(d => d.Cases)] : FromFile(call, path);
        return rows.Count > 0 ? rows : throw new CliException("there are no cases", "name a case file, or add a PolicyTest to the manifests");
    }

    public static IReadOnlyList<CaseResult> Run(IReadOnlyList<CaseRow> rows, PolicySet set, VmInventory inventory, string engine)
    {
        try
        {
            var judge = engine == "image" ? CaseRunner.ImageEngine(set, inventory) : CaseRunner.PlainEngine(set, inventory);
            return [.. CaseRunner.Run(rows, set, inventory, engine, judge).Select(Result)];
        }
        catch (InvalidOperationException e) when (engine == "image")
        {
            throw new CliException(e.Message, "the policy is over a limit of the image");
        }
    }

    public static ImmutableArray<CaseRow> FromFile(Call call, string path)
    {
        var file = CaseFile.Parse(new ManifestText(path, Manifests.Text(path)));
        foreach (var d in file.Diagnostics) call.Say(d.ToString());
        return file.Diagnostics.Any(d => d.Severity == Severity.Error) ? throw new CliException("the cases have errors", "correct them first") : file.Rows;
    }

    private static CaseResult Result(CaseOutcome o) => new(
        o.Index, o.Row.From, o.Row.To, o.Row.Service, o.Engine, ExplainRecords.Word(o.Flow.Verdict), o.Flow.Reason,
        o.Flow.OutRule?.ToString(), o.Flow.InRule?.ToString(), o.Ok);
}
