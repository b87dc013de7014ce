using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Cli.Offline;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;
using Merlon.Policy.Analyze;

namespace Merlon.Cli.Commands;

/// <summary>merlon prove: can any of these ever reach any of those.</summary>
internal static class ProveCommand
{
    public static Command Create()
    {
        var from = new Option<string>("--from") { Description = "any, group/NAME, vm/NAME, prefix or address", HelpName = "WHO", Required = true };
        var to = new Option<string>("--to") { Description = "Likewise", HelpName = "WHO", Required = true };
        var service = new Option<string>("--service") { Description = "tcp/443, udp, service/NAME …", HelpName = "SERVICE", DefaultValueFactory = _ => "any" };
        var files = new Option<string[]>("--file", "-f") { Description = "Ask these manifests instead of the server", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
        var inventory = new Option<string[]>("--inventory", "-i") { Description = "Inventory, with -f", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
        var verb = new Verb("prove", "Can any of these ever reach any of those, on any service. Exit 0: proved never, 6: a packet that passes, 1: no answer",
            "merlon prove --from group/internet --to group/db", "merlon prove --from 10.1.0.0/24 --to vm/db-1 --service tcp/22 -f policies/ -i inventory.yaml")
        {
            from, to, service, files, inventory,
        };
        return verb.Runs(async (call, cancel) =>
        {
            var question = new ProveRequest(call.Get(from)!, call.Get(to)!, call.Get(service)!);
            var answer = call.Get(files) is { Length: > 0 } manifests
                ? Offline(call, question, manifests, call.Get(inventory) ?? [])
                : await Ask(call, question, cancel);
            call.Print(answer, ApiJson.Default.ProveAnswer, a => Show(call, a));
            return answer.Never ? ExitCode.Ok : ExitCode.TestFailed;
        });
    }

    private static async Task<ProveAnswer> Ask(Call call, ProveRequest question, CancellationToken cancel)
    {
        using var api = Controller.Connect(call);
        return await api.Post("/v1/prove", question, ApiJson.Default.ProveRequest, ApiJson.Default.ProveAnswer, cancel);
    }

    private static ProveAnswer Offline(Call call, ProveRequest question, string[] manifests, string[] inventory)
    {
        var policy = OfflinePolicy.Load(manifests, inventory);
        var revision = new Revision(policy.Require(call), policy.Inventory);
        var result = Prover.Prove(revision, question.From, question.To, question.Service, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        return result.Problem is { } problem ? throw new CliException(problem.Message, problem.Hint) : ExplainRecords.Of(question, result);
    }

    private static void Show(Call call, ProveAnswer a)
    {
        call.Out.WriteLine(Printable.Line($"{(a.Never ? "proved never" : "passes")}: {a.From} -> {a.To} {a.Service}"));
        if (a.Witness is { } witness)
        {
            call.Out.WriteLine();
            ExplainCommand.Show(call, witness);
        }
        foreach (var assumption in a.Assumptions) call.Out.WriteLine(Printable.Line($"assumed: {assumption}"));
    }
}
