using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon apply: commits documents, all of them or none.</summary>
internal static class ApplyCommand
{
    public static Command Create()
    {
        var plan = new Argument<string?>("PLAN") { Description = "What 'merlon plan --out' wrote; exit 5 when the policy has changed since", Arity = ArgumentArity.ZeroOrOne };
        var files = new Option<string[]>("--file", "-f") { Description = "Manifest files, or folders of them", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
        var prune = new Option<bool>("--prune") { Description = "Remove the tenant's documents that are not in the files" };
        var unprotect = Unprotect.Option();
        var wait = Waiting.Wait();
        var timeout = Waiting.Timeout();
        var confirm = new Option<string?>("--confirm-within") { Description = "Every host puts back what was before after this time, unless 'merlon confirm' says that all is well", HelpName = "SPAN" };
        var connections = new Option<string>("--connections")
        {
            Description = "Live connections that it forbids: cut, drain=SPAN (cut after this time) or keep (to their own end)",
            HelpName = "WHAT",
            DefaultValueFactory = _ => ApplyRequest.Cut,
        };
        var verb = new Verb("apply", "Commit policy documents: all named ones together, or none. Exit 6: a policy test fails, nothing was applied",
            "merlon apply -f lab/policies/shop.yaml", "merlon apply -f policies/ --prune --wait", "merlon apply change.plan --confirm-within 5m", "merlon apply -f policies/ --connections drain=10m")
        {
            plan, files, prune, unprotect, connections, wait, timeout, confirm,
        };
        verb.Validators.Add(line =>
        {
            var (planned, named) = (line.GetResult(plan) is { Tokens.Count: > 0 }, line.GetResult(files) is { Tokens.Count: > 0 });
            if (planned == named) line.AddError(planned ? "a plan holds its manifests: leave out -f" : "Option '--file' or a PLAN is required.");
            if (planned && line.GetResult(prune) is { Implicit: false }) line.AddError("a plan says itself whether it prunes: leave out --prune");
        });
        return verb.Runs(async (call, cancel) =>
        {
            int? within = call.Get(confirm) is { } span ? Span.Seconds(span, ApplyRequest.MostConfirmWithin) : null;
            var request = call.Get(plan) is { } file && PlanCommand.Read(file) is var planned ? new ApplyRequest(planned.Files, planned.Prune, Base: planned.Base)
                : new ApplyRequest(Manifests.Read(call.Get(files)!), call.Get(prune));
            var (what, drain) = Connections(call.Get(connections)!);
            request = request with { ConfirmWithin = within, Connections = what, DrainFor = drain, Unprotect = Unprotect.Named(call, unprotect) };
            using var api = Controller.Connect(call);
            var result = await api.Post("/v1/apply", request, ApiJson.Default.ApplyRequest, ApiJson.Default.ApplyResult, cancel);
            return await Waiting.Finish(call, api, result, wait, timeout, cancel);
        });
    }

    private static (string? What, int? Drain) Connections(string text) => text.Split('=', 2) switch
    {
        [ApplyRequest.Cut] => (null, null),
        [ApplyRequest.Keep] => (ApplyRequest.Keep, null),
        [ApplyRequest.Drain, var span] => (ApplyRequest.Drain, Span.Seconds(span, ApplyRequest.MostDrainFor)),
        _ => throw new CliException($"--connections {text}: not cut, drain=SPAN or keep", "for example --connections drain=10m"),
    };

    /// <summary>What apply and its like answer; gives the exit code.</summary>
    public static int Show(Call call, ApplyResult result)
    {
        foreach (var d in result.Diagnostics) call.Say(Diagnostics.Line(d));
        if (!result.Applied) call.Say("error: nothing was applied; correct the errors above");
        call.Print(result, ApiJson.Default.ApplyResult, r =>
        {
            if (!r.Applied) return;
            if (r.Changed.Count == 0) call.Out.WriteLine("unchanged");
            foreach (var changed in r.Changed) call.Out.WriteLine(Printable.Line($"{changed} changed"));
            foreach (var v in r.Revisions) call.Out.WriteLine(Printable.Line($"tenant {v.Tenant} is at revision {v.Revision}{(v.Note is null ? "" : $": {v.Note}")}"));
        });
        if (result.ConfirmBy is { } by) call.Say($"on trial: at {by:u} every host puts back what was before, unless you run 'merlon confirm'");
        return result.Applied ? ExitCode.Ok : OnlyTests(result.Diagnostics) ? ExitCode.TestFailed : ExitCode.Error;
    }

    /// <summary>The documents are well, but a PolicyTest among them, or one that is kept beside them, does not hold.</summary>
    public static bool OnlyTests(IReadOnlyList<DiagnosticRecord> diagnostics) =>
        diagnostics.Where(d => d.Severity == "error").Select(d => d.Code).Distinct().SequenceEqual(["test-failed"]);
}
