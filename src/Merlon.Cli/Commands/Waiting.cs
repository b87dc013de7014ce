using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>Waits until the hosts' kernels hold what the controller was told.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static Option<int> Timeout() => new("--timeout") { Description = "Seconds to wait at most", DefaultValueFactory = _ => 60, HelpName = "SECONDS" };

    public static Option<bool> Wait(string description = "Return when every host has it in its kernel") => new("--wait") { Description = description };

    /// <summary>Shows what apply and its like answered and, where it was asked for, waits until the hosts have it; gives the exit code.</summary>
    public static async Task<int> Finish(Call call, JsonHttp api, ApplyResult result, Option<bool> wait, Option<int> timeout, CancellationToken cancel)
    {
        var code = ApplyCommand.Show(call, result);
        if (code == ExitCode.Ok && call.Get(wait)) await ForSequence(api, result.Sequence, TimeSpan.FromSeconds(call.Get(timeout)), cancel);
        return code;
    }

    /// <summary>Every host has the apply of this sequence in its kernel. One that is away has not.</summary>
    public static Task<StatusRecord> ForSequence(JsonHttp api, ulong sequence, TimeSpan timeout, CancellationToken cancel) => Until(
        api, s => s.Hosts.Count > 0 && s.Hosts.All(h => h.Has(sequence)), s => Late(s.Hosts, h => !h.Has(sequence)), "not everywhere in force", timeout, cancel);

    public static Task<StatusRecord> ForReady(JsonHttp api, TimeSpan timeout, CancellationToken cancel) =>
        Until(api, s => s.Ready, NotReady, "not ready", timeout, cancel);

    private static async Task<StatusRecord> Until(
        JsonHttp api, Func<StatusRecord, bool> done, Func<StatusRecord, string> why, string what, TimeSpan timeout, CancellationToken cancel)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var status = await api.Get("/v1/status", ApiJson.Default.StatusRecord, cancel);
            if (done(status)) return status;
            if (clock.Elapsed >= timeout) throw new CliException($"{what} after {timeout.TotalSeconds:0} s: {why(status)}", "see 'merlon status'");
            await Task.Delay(Pause, cancel);
        }
    }

    private static string NotReady(StatusRecord status)
    {
        var connected = status.Hosts.Where(h => h.Connected).ToList();
        if (connected.Count == 0) return Late(status.Hosts, _ => true);
        if (connected.Exists(h => h.IsLate())) return Late(connected, h => h.IsLate());
        var alarm = status.Alarms.Concat(status.Hosts.SelectMany(h => h.Status?.Alarms ?? [])).FirstOrDefault(a => !a.ByGuest);
        return alarm?.Message ?? "the controller says so";
    }

    private static string Late(IReadOnlyList<HostRecord> hosts, Func<HostRecord, bool> isLate) =>
        hosts.Count == 0 ? "no agent has ever connected" : string.Join("; ", hosts.Where(isLate).Select(Late));

    private static string Late(HostRecord host) =>
        !host.Connected ? $"host {host.Name} is not connected"
        : host.Error is { } error ? $"host {host.Name} refused it: {error}"
        : host.SequenceWanted == 0 ? $"host {host.Name} has not told its VMs yet"
        : $"host {host.Name} has sequence {host.SequenceApplied} of {host.SequenceWanted}";
}
