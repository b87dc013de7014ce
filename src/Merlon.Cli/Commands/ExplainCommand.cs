using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Cli.Offline;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;

namespace Merlon.Cli.Commands;

/// <summary>merlon explain: would this traffic pass, and which rule says so.</summary>
internal static class ExplainCommand
{
    public static Command Create(Names names)
    {
        var from = new Argument<string>("FROM") { Description = "VM (name, UUID, vnet name), address, group/NAME or any" };
        var to = new Argument<string>("TO") { Description = "Likewise" };
        var service = new Argument<string>("SERVICE") { Description = "tcp/443, udp/53, icmp …" };
        var sourcePort = new Option<int?>("--source-port") { Description = "Source port, where a rule asks for one", HelpName = "PORT" };
        var files = new Option<string[]>("--file", "-f") { Description = "Ask these manifests instead of the server", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
        var inventory = new Option<string[]>("--inventory", "-i") { Description = "Inventory, with -f", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
        names.CompleteVms(from);
        names.CompleteVms(to);
        var verb = new Verb("explain", "Would this traffic pass, and which rule decides", "merlon explain web-1 db-1 tcp/5432", "merlon explain web-1 db-1 tcp/22 -f policies/ -i inventory.yaml")
        {
            from, to, service, sourcePort, files, inventory,
        };
        return verb.Runs(async (call, cancel) =>
        {
            var question = new ExplainRequest(call.Get(from), call.Get(to), call.Get(service), call.Get(sourcePort));
            var answer = call.Get(files) is { Length: > 0 } manifests
                ? Offline(call, question, manifests, call.Get(inventory) ?? [])
                : await Ask(call, question, cancel);
            call.Print(answer, ApiJson.Default.ExplainResult, a => Show(call, a));
            return ExitCode.Ok;
        });
    }

    private static async Task<ExplainResult> Ask(Call call, ExplainRequest question, CancellationToken cancel)
    {
        using var api = Controller.Connect(call);
        return await api.Post("/v1/explain", question, ApiJson.Default.ExplainRequest, ApiJson.Default.ExplainResult, cancel);
    }

    private static ExplainResult Offline(Call call, ExplainRequest question, string[] manifests, string[] inventory)
    {
        var policy = OfflinePolicy.Load(manifests, inventory);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var set = policy.Require(call);
        var said = Explainer.Explain(set, policy.Inventory, question.From, question.To, question.Service, question.SourcePort, now);
        if (said.Error is not null || said.Answer is null) throw new CliException(said.Error ?? "no answer", "name VMs of the inventory, or addresses", ExitCode.NotFound);
        return new(question.From, question.To, question.Service, ExplainRecords.Word(said.Answer.Verdict), said.Answer.Reason,
            [.. said.Answer.Hops.Select(ExplainRecords.Hop)], said.Assumptions, ExplainRecords.Packet(said.Question!.Value));
    }

    /// <summary>The verdict, and every judgement on the way.</summary>
    public static void Show(Call call, ExplainResult a)
    {
        call.Out.WriteLine(Printable.Line($"{a.Verdict}: {a.From} -> {a.To} {a.Service} ({a.Reason})"));
        if (a.Hops.Count > 0)
        {
            call.Out.WriteLine();
            var t = new Listing("WHERE", "VM", "VERDICT", "RULE", "TIER", "REASON", "WRITTEN AT");
            foreach (var h in a.Hops) t.Add(h.Where, h.Vm, h.Verdict, h.Rule, h.Tier, h.Reason, h.File is null ? null : $"{h.File}:{h.Line}");
            t.WriteTo(call);
        }
        foreach (var assumption in a.Assumptions) call.Out.WriteLine(Printable.Line($"assumed: {assumption}"));
    }
}
