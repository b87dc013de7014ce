using System.CommandLine;
using System.Globalization;
using Merlon.Cli.Clients;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon top: what the guarded VMs of this host do, live.</summary>
internal static class TopCommand
{
    private const int LongestSeconds = 3600;
    private const string FromTheTop = "\u001b[H\u001b[J";

    public static Command Create()
    {
        var every = new Option<string>("--interval", "-i") { Description = "How long each look is", DefaultValueFactory = _ => "1s", HelpName = "SPAN" };
        var count = new Option<int>("--count", "-n") { Description = "End after so many looks (default: never)", HelpName = "N" };
        var verb = new Verb("top", "Show what the guarded VMs of this host do: packets, connections, denials, the short cut (with -o json: one look to a line)",
            "merlon top", "merlon top -i 10s", "merlon top -n 1 -o json")
        {
            every, count,
        };
        return verb.Runs(async (call, cancel) =>
        {
            var interval = TimeSpan.FromSeconds(Span.Seconds(call.Get(every)!, LongestSeconds));
            using var agent = Agent.Connect(call);
            var before = await agent.Get("/v1/top", ApiJson.Default.HostTraffic, cancel);
            try
            {
                for (var look = 0; call.Get(count) is var most && (most == 0 || look < most); look++)
                {
                    await Task.Delay(interval, cancel);
                    var now = await agent.Get("/v1/top", ApiJson.Default.HostTraffic, cancel);
                    call.PrintNext(Between(before, now), ApiJson.Default.TopRecord, top => Show(call, top));
                    before = now;
                }
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                // Ctrl-C is how it ends.
            }
            return ExitCode.Ok;
        });
    }

    /// <summary>A VM that was not there before is new: what it did is all of this interval. Counters that went back began anew.</summary>
    internal static TopRecord Between(HostTraffic before, HostTraffic now)
    {
        var seconds = Math.Max(now.TimeNs - before.TimeNs, 1) / 1e9;
        var old = before.Vms.ToDictionary(v => v.VmUuid);
        var vms = now.Vms.Select(v => Of(old.GetValueOrDefault(v.VmUuid), v, seconds)).OrderByDescending(v => v.PacketsOut + v.PacketsIn).ThenBy(v => v.Vm, StringComparer.Ordinal).ToList();
        var sent = vms.Sum(v => v.PacketsOut);
        return new(seconds, Share(before.ShortCut, now.ShortCut), Share(before.OneLook, now.OneLook), Rate(before.HookNs, now.HookNs, seconds) / 1e9, vms);

        double Share(long from, long to) => sent == 0 ? 0 : Math.Min(1, Rate(from, to, seconds) / sent);
    }

    private static TopVm Of(VmTraffic? old, VmTraffic now, double seconds) => new(now.Vm, now.VmUuid,
        Rate(old?.PacketsOut, now.PacketsOut, seconds), Rate(old?.PacketsIn, now.PacketsIn, seconds), Rate(old?.BytesOut, now.BytesOut, seconds), Rate(old?.BytesIn, now.BytesIn, seconds),
        now.Connections, now.HalfOpen, Rate(old?.Opened, now.Opened, seconds), Rate(old?.Denied, now.Denied, seconds), now.Over);

    private static double Rate(long? from, long to, double seconds) => (from is { } old && old <= to ? to - old : to) / seconds;

    private static void Show(Call call, TopRecord top)
    {
        if (call.Surroundings.Terminal) call.Out.Write(FromTheTop);
        call.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"short cut {top.ShortCutShare:p0}, one look by the bridge {top.OneLookShare:p0}, hooks {top.HookCpu:f2} CPUs, over {top.Seconds:f1} s"));
        var t = new Listing("VM", "PACKETS OUT/s", "IN/s", "BITS OUT/s", "IN/s", "CONNECTIONS", "HALF OPEN", "NEW/s", "DENIED/s", "OVER");
        foreach (var v in top.Vms)
            t.Add(v.Vm, Short(v.PacketsOut), Short(v.PacketsIn), Short(8 * v.BytesOut), Short(8 * v.BytesIn), Short(v.Connections), Short(v.HalfOpen), Short(v.Opened), Short(v.Denied), v.Over is { } over ? string.Join(", ", over) : null);
        t.WriteTo(call);
    }

    /// <summary>1234567 is 1.23M.</summary>
    internal static string Short(double number)
    {
        var (unit, size) = number switch { >= 1e9 => ("G", 1e9), >= 1e6 => ("M", 1e6), >= 1e4 => ("k", 1e3), _ => ("", 1.0) };
        return (number / size).ToString(unit.Length == 0 && number >= 100 ? "f0" : "g3", CultureInfo.InvariantCulture) + unit;
    }
}
