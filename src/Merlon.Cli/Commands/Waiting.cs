using Merlon.Cli.Clients;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>Waits until the hosts' kernels hold what the controller was told.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>A host that is away does not count: it gets the policy when it returns.</summary>
    public static Task<StatusRecord> ForSequence(JsonHttp api, ulong sequence, TimeSpan timeout, CancellationToken cancel) =>
        Until(api, s => s.Hosts.Any(h => h.Connected) && s.Hosts.All(h => !h.Connected || h.SequenceApplied >= sequence), timeout, cancel);

    public static Task<StatusRecord> ForReady(JsonHttp api, TimeSpan timeout, CancellationToken cancel) =>
        Until(api, s => s.Ready, timeout, cancel);

    private static async Task<StatusRecord> Until(JsonHttp api, Func<StatusRecord, bool> done, TimeSpan timeout, CancellationToken cancel)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var status = await api.Get("/v1/status", ApiJson.Default.StatusRecord, cancel);
            if (done(status)) return status;
            if (clock.Elapsed >= timeout) throw new CliException($"not ready after {timeout.TotalSeconds:0} s: {Why(status)}", "see 'merlon status'");
            await Task.Delay(Pause, cancel);
        }
    }

    private static string Why(StatusRecord status)
    {
        if (!status.Hosts.Any(h => h.Connected)) return "no agent is connected";
        var late = status.Hosts.FirstOrDefault(h => h.Connected && h.SequenceApplied < status.Sequence);
        if (late is not null) return late.Error ?? $"host {late.Name} has sequence {late.SequenceApplied} of {status.Sequence}";
        var alarm = status.Alarms.Concat(status.Hosts.SelectMany(h => h.Status?.Alarms ?? [])).FirstOrDefault();
        return alarm?.Message ?? "the controller says so";
    }
}
