using System.CommandLine;
using System.Globalization;
using Merlon.Cli.Clients;
using Merlon.Cli.Commands.Get;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon status: is everything in force that was ordered. With the controller down, what this host's agent says.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var wait = new Option<bool>("--wait") { Description = "Return when every connected host is ready" };
        var timeout = Waiting.Timeout();
        var verb = new Verb("status", "Show hosts, what is in their kernels, and alarms", "merlon status", "merlon status --wait --timeout 30") { wait, timeout };
        return verb.Runs(async (call, cancel) =>
        {
            try
            {
                using var api = Controller.Connect(call);
                var status = call.Get(wait)
                    ? await Waiting.ForReady(api, TimeSpan.FromSeconds(call.Get(timeout)), cancel)
                    : await api.Get("/v1/status", ApiJson.Default.StatusRecord, cancel);
                call.Print(status, ApiJson.Default.StatusRecord, s => Show(call, s));
                return ExitCode.Ok;
            }
            catch (NoAnswerException down) when (Controller.IsLocal(call) && !call.Get(wait))
            {
                if (await AgentsView(call, down, cancel) is not { } view) throw;
                call.Print(view, ApiJson.Default.StatusRecord, s => Show(call, s));
                throw;
            }
        });
    }

    /// <summary>The status of a fleet of one, without its controller; null when the agent does not answer either.</summary>
    private static async Task<StatusRecord?> AgentsView(Call call, NoAnswerException down, CancellationToken cancel)
    {
        try
        {
            using var agent = Agent.Connect(call);
            var host = await agent.Get("/v1/status", ApiJson.Default.HostStatus, cancel);
            var now = DateTimeOffset.UtcNow;
            return new("", host.SequenceWanted, false, [new(host.Host, host.HostUuid, false, now, host.SequenceApplied, host.SequenceWanted, null, host)],
                host.Alarms.Any(a => a.Code == "controller-down") ? [] : [new("controller-down", down.Message, down.Mend, now)]);
        }
        catch (CliException)
        {
            return null;
        }
    }

    private static void Show(Call call, StatusRecord status)
    {
        var sequence = status.Sequence.ToString(CultureInfo.InvariantCulture);
        var controller = status.Version.Length > 0 ? $"controller {status.Version}" : "the controller is down; this is what the agent of this host says";
        call.Out.WriteLine(Printable.Line($"{(status.Ready ? "ready" : "NOT READY")}: policy sequence {sequence}, {controller}"));
        if (status.Trial is { } trial) call.Out.WriteLine(Printable.Line($"on trial: a change of {trial.By} ends at {trial.ConfirmBy:u}, unless 'merlon confirm' keeps it"));
        foreach (var host in status.Hosts)
            if (host.Status?.StartGate is { Live: false } gate) call.Out.WriteLine(Printable.Line($"UNGUARDED STARTS POSSIBLE on {host.Name}: {gate.Found} (see 'merlon doctor' there)"));
        call.Out.WriteLine();
        Tables.Hosts(call, status.Hosts);
        Alarm[] alarms = [.. status.Alarms, .. status.Hosts.SelectMany(h => h.Status?.Alarms ?? [])];
        if (alarms.Length == 0) return;
        call.Out.WriteLine();
        var t = new Listing("ALARM", "SINCE", "MESSAGE", "MEND");
        foreach (var a in alarms) t.Add(a.Code, Tables.Time(a.Since), a.Message, a.Mend);
        t.WriteTo(call);
    }
}
