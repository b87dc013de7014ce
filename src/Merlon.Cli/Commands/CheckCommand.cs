using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Cli.Offline;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon check: every error of the files, and rules that do nothing, with no server; or rules of the server that are wider than its traffic. Warnings do not fail it.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("PATH") { Description = "Manifest files, or folders of them", Arity = ArgumentArity.ZeroOrMore };
        var inventory = new Option<string[]>("--inventory", "-i") { Description = "Inventory to resolve groups and rules against", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
        var observed = new Option<int?>("--observed") { Description = "In place of files: rules in force on the server that let more pass than was seen in so many days", HelpName = "DAYS" };
        var verb = new Verb("check", "Check manifests offline: all errors, with file, line and column; with an inventory also rules that do nothing", "merlon check policies/", "merlon check shop.yaml -i inventory.yaml -o json", "merlon check --observed 7") { paths, inventory, observed };
        verb.Validators.Add(line =>
        {
            var (named, asked) = (line.GetResult(paths) is { Tokens.Count: > 0 }, line.GetResult(observed) is { Implicit: false });
            if (named == asked) line.AddError(named ? "--observed is about what is in force: leave out PATH" : "a PATH or --observed is required.");
        });
        return verb.Runs(async (call, cancel) => call.Get(observed) is { } days ? await Observed(call, days, cancel) : Files(call, call.Get(paths), call.Get(inventory) ?? []));
    }

    private static int Files(Call call, string[] paths, string[] inventory)
    {
        var policy = OfflinePolicy.Load(paths, inventory).WithWarnings(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        var findings = policy.Records;
        Show(call, findings);
        var errors = findings.Count(d => d.Severity == "error");
        call.Say($"{policy.Documents.Length} documents, {errors} errors, {findings.Count - errors} warnings");
        return errors > 0 ? ExitCode.Error : ExitCode.Ok;
    }

    private static async Task<int> Observed(Call call, int days, CancellationToken cancel)
    {
        using var api = Controller.Connect(call);
        var result = await api.Get(Query.Path("/v1/rules/observed", ("days", Query.Number(days))), ApiJson.Default.ObservedRulesResult, cancel);
        Show(call, result.Findings);
        call.Say($"{result.Rules} allow rules, {result.Findings.Count} wider than seen; {result.Flows} flows"
            + (result.Connections is { } live ? $" and {live} live connections" : "; a host did not tell its live connections, so what is open since before is missing")
            + (result.LeftOut > 0 ? $"; {result.LeftOut} rules are left out, since not all that they allow is logged" : ""));
        return ExitCode.Ok;
    }

    private static void Show(Call call, IReadOnlyList<DiagnosticRecord> findings) => call.Print(findings, ApiJson.Default.IReadOnlyListDiagnosticRecord, records =>
    {
        foreach (var d in records) call.Out.WriteLine(Diagnostics.Line(d));
    });
}
