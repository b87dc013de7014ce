using System.CommandLine;
using System.Globalization;
using Merlon.Cli.Clients;
using Merlon.Cli.Commands.Get;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon status: is everything in force that was ordered.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var wait = new Option<bool>("--wait") { Description = "Return when every connected host is ready" };
        var timeout = new Option<int>("--timeout") { Description = "Seconds to wait at most", DefaultValueFactory = _ => 60, HelpName = "SECONDS" };
        var verb = new Verb("status", "Show hosts, what is in their kernels, and alarms", "merlon status", "merlon status --wait --timeout 30") { wait, timeout };
        return verb.Runs(async (call, cancel) =>
        {
            using var api = Controller.Connect(call);
            var status = call.Get(wait)
                ? await Waiting.ForReady(api, TimeSpan.FromSeconds(call.Get(timeout)), cancel)
                : await api.Get("/v1/status", ApiJson.Default.StatusRecord, cancel);
            call.Print(status, ApiJson.Default.StatusRecord, s => Show(call, s));
            return ExitCode.Ok;
        });
    }

    private static void Show(Call call, StatusRecord status)
    {
        var sequence = status.Sequence.ToString(CultureInfo.InvariantCulture);
        call.Out.WriteLine(Printable.Line($"{(status.Ready ? "ready" : "NOT READY")}: policy sequence {sequence}, controller {status.Version}"));
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
