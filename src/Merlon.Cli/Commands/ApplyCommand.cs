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
        var files = new Option<string[]>("--file", "-f") { Description = "Manifest files, or folders of them", HelpName = "PATH", Required = true, AllowMultipleArgumentsPerToken = true };
        var prune = new Option<bool>("--prune") { Description = "Remove the tenant's documents that are not in the files" };
        var wait = new Option<bool>("--wait") { Description = "Return when every host has it in its kernel" };
        var timeout = Waiting.Timeout();
        var verb = new Verb("apply", "Commit policy documents: all named ones together, or none", "merlon apply -f lab/policies/shop.yaml", "merlon apply -f policies/ --prune --wait")
        {
            files, prune, wait, timeout,
        };
        return verb.Runs(async (call, cancel) =>
        {
            var request = new ApplyRequest(Manifests.Read(call.Get(files)!), call.Get(prune));
            using var api = Controller.Connect(call);
            var result = await api.Post("/v1/apply", request, ApiJson.Default.ApplyRequest, ApiJson.Default.ApplyResult, cancel);
            Show(call, result);
            if (!result.Applied) return ExitCode.Error;
            if (call.Get(wait)) await Waiting.ForSequence(api, result.Sequence, TimeSpan.FromSeconds(call.Get(timeout)), cancel);
            return ExitCode.Ok;
        });
    }

    /// <summary>What apply and delete answer.</summary>
    public static void Show(Call call, ApplyResult result)
    {
        foreach (var d in result.Diagnostics) call.Say(Diagnostics.Line(d));
        if (!result.Applied) call.Say("error: nothing was applied; correct the errors above");
        call.Print(result, ApiJson.Default.ApplyResult, r =>
        {
            if (!r.Applied) return;
            if (r.Changed.Count == 0) call.Out.WriteLine("unchanged");
            foreach (var changed in r.Changed) call.Out.WriteLine(Printable.Line($"{changed} changed"));
            foreach (var v in r.Revisions) call.Out.WriteLine(Printable.Line($"tenant {v.Tenant} is at revision {v.Revision}"));
        });
    }
}
