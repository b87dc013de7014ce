using System.CommandLine;
using Merlon.Cli.Offline;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon check: every error of the files, and rules that do nothing, with no server. Warnings do not fail it.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("PATH") { Description = "Manifest files, or folders of them", Arity = ArgumentArity.OneOrMore };
        var inventory = new Option<string[]>("--inventory", "-i") { Description = "Inventory to resolve groups and rules against", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
        var verb = new Verb("check", "Check manifests offline: all errors, with file, line and column; with an inventory also rules that do nothing", "merlon check policies/", "merlon check shop.yaml -i inventory.yaml -o json") { paths, inventory };
        return verb.Runs((call, _) =>
        {
            var policy = OfflinePolicy.Load(call.Get(paths), call.Get(inventory) ?? []).WithRuleWarnings(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
            var findings = policy.Records;
            call.Print(findings, ApiJson.Default.IReadOnlyListDiagnosticRecord, records =>
            {
                foreach (var d in records) call.Out.WriteLine(Diagnostics.Line(d));
            });
            var errors = findings.Count(d => d.Severity == "error");
            call.Say($"{policy.Documents.Length} documents, {errors} errors, {findings.Count - errors} warnings");
            return Task.FromResult(errors > 0 ? ExitCode.Error : ExitCode.Ok);
        });
    }
}
