using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;
using Merlon.Policy.Model;

namespace Merlon.Cli.Commands;

/// <summary>merlon trace: a test packet through the live program, next to what the policy says to it.</summary>
internal static class TraceCommand
{
    private const int Tries = 50, FirstEphemeral = 49152, LastEphemeral = 65535;

    public static Command Create(Names names)
    {
        var from = new Argument<string>("FROM") { Description = "VM (name, UUID, vnet name) or address" };
        var to = new Argument<string>("TO") { Description = "Likewise; one of the two is a guarded VM of this host" };
        var service = new Argument<string>("SERVICE") { Description = "tcp/443, udp/53, icmp …" };
        var sourcePort = new Option<int?>("--source-port") { Description = "Source port (default: a random one)", HelpName = "PORT" };
        names.CompleteVms(from);
        names.CompleteVms(to);
        var verb = new Verb("trace", "Send a test packet through the live filter of this host, next to explain (exit 2: they disagree)",
            "merlon trace web-1 db-1 tcp/5432", "merlon trace 10.8.0.5 db-1 icmp -o json")
        {
            from, to, service, sourcePort,
        };
        return verb.Runs(async (call, cancel) =>
        {
            var result = await Trace(call, new(call.Get(from), call.Get(to), call.Get(service), call.Get(sourcePort)), cancel);
            call.Print(result, ApiJson.Default.TraceResult, r => Show(call, r));
            return result.Differences.Count == 0 ? ExitCode.Ok : ExitCode.Differences;
        });
    }

    private static async Task<TraceResult> Trace(Call call, ExplainRequest question, CancellationToken cancel)
    {
        using var api = Controller.Connect(call);
        using var agent = Agent.Connect(call);
        var said = await Explain(api, question, cancel);
        var hasPorts = Protocols.HasPorts(said.Packet.Protocol);
        for (var tries = 1; ; tries++)
        {
            // Every try is a packet of its own: one that opened something is answered by its entry the next time.
            var fresh = Random.Shared.Next(FirstEphemeral, LastEphemeral + 1);
            if (hasPorts && question.SourcePort is null) said = await Explain(api, question with { SourcePort = fresh }, cancel);
            var packet = hasPorts ? said.Packet : said.Packet with { SourcePort = fresh };
            var kernel = await agent.Post("/v1/trace", packet, ApiJson.Default.ExplainPacket, ApiJson.Default.TraceHops, cancel);
            if (!kernel.Disturbed) return new(said, kernel.Hops, [.. Differences(said, kernel.Hops)]);
            if (tries == Tries) throw new CliException("real packets came between the two hooks each time", "try again when this host is quieter");
        }
    }

    private static Task<ExplainResult> Explain(JsonHttp api, ExplainRequest question, CancellationToken cancel) =>
        api.Post("/v1/explain", question, ApiJson.Default.ExplainRequest, ApiJson.Default.ExplainResult, cancel);

    /// <summary>Both say of each side of this host whether it passes, and by which rule.</summary>
    public static IEnumerable<string> Differences(ExplainResult said, IReadOnlyList<TraceHop> kernel)
    {
        foreach (var hop in kernel)
        {
            var told = said.Hops.FirstOrDefault(h => h.Where == (hop.Hook == "from_vm" ? "out of VM" : "into VM"));
            var passes = told is null || told.Verdict is "allow" or "would-deny";
            if (passes != hop.Passes)
                yield return $"{hop.Hook} of {hop.Vm}: the kernel says {hop.Verdict} ({hop.Reason}), the policy {told?.Verdict ?? "nothing, the direction is not guarded"}";
            else if (told is not null && hop.Rule is not null && hop.Reason is "rule" or "default" or "untracked" && hop.Rule != told.Rule)
                yield return $"{hop.Hook} of {hop.Vm}: the kernel names {hop.Rule}, the policy {told.Rule}";
        }
    }

    private static void Show(Call call, TraceResult r)
    {
        ExplainCommand.Show(call, r.Explain);
        call.Out.WriteLine();
        var t = new Listing("HOOK", "VM", "NIC", "KERNEL", "REASON", "RULE");
        foreach (var h in r.Hops) t.Add(h.Hook, h.Vm, h.Nic.ToString(System.Globalization.CultureInfo.InvariantCulture), h.Verdict, h.Reason, h.Rule);
        t.WriteTo(call);
        foreach (var difference in r.Differences) call.Out.WriteLine(Printable.Line($"difference: {difference}"));
    }
}
