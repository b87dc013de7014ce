using System.CommandLine;
using Merlon.Cli.Offline;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon test: cases judged by the plain evaluator, the compiled image or the kernel program.</summary>
internal static class TestCommand
{
    public static Command Create()
    {
        var files = new Option<string[]>("--file", "-f") { Description = "Manifests", HelpName = "PATH", Required = true, AllowMultipleArgumentsPerToken = true };
        var inventory = new Option<string[]>("--inventory", "-i") { Description = "Inventory", HelpName = "PATH", Required = true };
        var cases = new Argument<string?>("CASES") { Description = "Case file, YAML or JSON (default: the PolicyTests of the manifests)", Arity = ArgumentArity.ZeroOrOne };
        var engine = new Option<string>("--engine") { Description = "Who judges; kernel needs root", DefaultValueFactory = _ => "plain" }.AcceptOnlyFromAmong("plain", "image", "kernel");
        var junit = new Option<string?>("--junit") { Description = "Also write the results there as JUnit XML", HelpName = "FILE" };
        var verb = new Verb("test", "Judge cases offline and compare with what they expect", "merlon test -f shop.yaml -i inventory.yaml cases.yaml", "merlon test -f shop.yaml -i inventory.yaml cases.yaml --engine kernel -o json",
            "merlon test -f policies/ -i inventory.yaml --junit results.xml")
        {
            files, inventory, cases, engine, junit,
        };
        return verb.Runs(async (call, cancel) =>
        {
            var policy = OfflinePolicy.Load(call.Get(files)!, call.Get(inventory)!);
            var set = policy.Require(call);
            var rows = Cases.Read(call, policy, call.Get(cases));
            var results = call.Get(engine) == "kernel"
                ? await KernelEngine.Run(call, call.Get(files)!, call.Get(inventory)!, call.Get(cases), cancel)
                : Cases.Run(rows, set, policy.Inventory, call.Get(engine)!);
            if (results.Count != rows.Count) throw new CliException($"{rows.Count} cases were read and {results.Count} judged", "keep them in a file that does not change meanwhile, no pipe");
            call.Print(results, ApiJson.Default.IReadOnlyListCaseResult, r => Show(call, r, rows));
            if (call.Get(junit) is { } file) JUnit.Write(file, results, r => ExplainRecords.Word(rows[r.Index].Expect));
            var failed = results.Count(r => !r.Ok);
            call.Say($"{results.Count - failed} passed, {failed} failed");
            return failed > 0 ? ExitCode.TestFailed : ExitCode.Ok;
        });
    }

    private static void Show(Call call, IReadOnlyList<CaseResult> results, IReadOnlyList<Merlon.Policy.Cases.CaseRow> rows)
    {
        var t = new Listing("CASE", "FROM", "TO", "SERVICE", "EXPECT", "VERDICT", "REASON", "OUT", "IN", "OK");
        foreach (var r in results)
        {
            t.Add($"{r.Index}", r.From, r.To, r.Service, ExplainRecords.Word(rows[r.Index].Expect), r.Verdict, r.Reason, r.OutRule, r.InRule, r.Ok ? "ok" : "FAILED");
        }
        t.WriteTo(call);
    }
}
