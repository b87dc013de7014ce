using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Merlon.Cli.Clients;
using Merlon.Cli.Commands.Get;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon flows: what passed and what did not, past and live.</summary>
internal static class FlowsCommand
{
    public static Command Create(Names names)
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Stay, and show each record as it comes (with -o json: one to a line)" };
        var vm = new Option<string?>("--vm") { Description = "Either end is this VM (name, UUID or vnet name)", HelpName = "VM" };
        var verdict = new Option<string?>("--verdict") { Description = "Only this verdict" };
        verdict.AcceptOnlyFromAmong("allow", "deny", "reject", "would-deny", "would-allow");
        var rule = new Option<string?>("--rule") { Description = "Only what this rule decided (tenant/policy/rule[@revision])", HelpName = "RULE" };
        var since = new Option<string?>("--since") { Description = "Age (30s, 5m, 2h, 1d) or instant (2026-11-24T08:00:00Z)", HelpName = "WHEN" };
        var limit = new Option<int>("--limit") { Description = "At most so many, the newest", DefaultValueFactory = _ => 100, HelpName = "N" };
        names.CompleteVms(vm);
        var verb = new Verb("flows", "Show flow records: opened, closed and denied", "merlon flows --vm db-1 --verdict deny", "merlon flows -f", "merlon flows --since 5m -o json")
        {
            follow, vm, verdict, rule, since, limit,
        };
        return verb.Runs(async (call, cancel) =>
        {
            var path = Query.Path(call.Get(follow) ? "/v1/flows/follow" : "/v1/flows",
                ("limit", call.Get(follow) ? null : Query.Number(call.Get(limit))), ("since", SinceOf(call.Get(since), DateTimeOffset.UtcNow)),
                ("vm", call.Get(vm)), ("verdict", call.Get(verdict)), ("rule", call.Get(rule)));
            using var api = Controller.Connect(call, call.Get(follow) ? Timeout.InfiniteTimeSpan : null);
            if (call.Get(follow)) return await Follow(call, api, path, cancel);
            var flows = await api.Get(path, ApiJson.Default.IReadOnlyListFlowRecord, cancel);
            call.Print(flows, ApiJson.Default.IReadOnlyListFlowRecord, f => Show(call, f));
            SayLost(call, await api.Get("/v1/status", ApiJson.Default.StatusRecord, cancel));
            return ExitCode.Ok;
        });
    }

    /// <summary>Ends when the caller does (Ctrl-C), or with an error when the controller goes.</summary>
    private static async Task<int> Follow(Call call, JsonHttp api, string path, CancellationToken cancel)
    {
        using var response = await api.Open(path, cancel);
        try
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
            var kind = "";
            while (await reader.ReadLineAsync(cancel) is { } line)
            {
                if (line.StartsWith("event:", StringComparison.Ordinal)) kind = line[6..].Trim();
                else if (line.StartsWith("data:", StringComparison.Ordinal)) Live(call, kind, line[5..].Trim());
                else if (line.Length == 0) kind = "";
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            // Said below: the stream of a live controller has no end.
        }
        throw new CliException("the controller ended the stream", "is it still running? see 'merlon doctor'");
    }

    /// <param name="kind">The message's event field: a flow has none; kinds of a newer controller are left out.</param>
    private static void Live(Call call, string kind, string json)
    {
        try
        {
            if (kind.Length == 0) Live(call, json, ApiJson.Default.FlowRecord, LineOf);
            else if (kind == "lost") Live(call, json, ApiJson.Default.FlowsLost, l => $"LOST: {l.Lost} records are missing here");
        }
        catch (JsonException)
        {
            throw new CliException("a record of the stream is not understood", "are merlon and the controller of the same version?");
        }
    }

    private static void Live<T>(Call call, string json, JsonTypeInfo<T> type, Func<T, string> people)
    {
        if (JsonSerializer.Deserialize(json, type) is { } record) call.PrintNext(record, type, r => call.Out.WriteLine(Printable.Line(people(r))));
    }

    /// <summary>What is not in the log is said beside it, not left to be noticed.</summary>
    private static void SayLost(Call call, StatusRecord status)
    {
        foreach (var host in status.Hosts)
        {
            if (host.Status is { } s && s.EventsLost + s.FlowsLost > 0)
                call.Say($"note: not all of {host.Name} is in the log: {s.EventsLost} events lost in the kernel, {s.FlowsLost} records in the agent, so far");
        }
    }

    private static string LineOf(FlowRecord f) =>
        $"{Tables.Time(f.End)} {f.Event,-6} {f.Verdict,-11} {Tables.End(f.Source)} -> {Tables.End(f.Destination)} {f.Service} {f.Reason} {f.Rule ?? "-"} packets={f.PacketsOut}/{f.PacketsIn} bytes={f.BytesOut}/{f.BytesIn}";

    private static void Show(Call call, IReadOnlyList<FlowRecord> flows)
    {
        var t = new Listing("END", "EVENT", "VERDICT", "SOURCE", "DESTINATION", "SERVICE", "REASON", "RULE", "PACKETS", "BYTES");
        foreach (var f in flows)
        {
            t.Add(Tables.Time(f.End), f.Event, f.Verdict, Tables.End(f.Source), Tables.End(f.Destination), f.Service, f.Reason, f.Rule,
                $"{f.PacketsOut}/{f.PacketsIn}", $"{f.BytesOut}/{f.BytesIn}");
        }
        t.WriteTo(call);
    }

    /// <summary>The instant that <c>--since</c> means, in ISO 8601; null when it was not given.</summary>
    internal static string? SinceOf(string? text, DateTimeOffset now)
    {
        if (text is null) return null;
        if (Span.Parse(text) is { } age) return (now - age).ToString("O", CultureInfo.InvariantCulture);
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture)
            : throw new CliException($"'{text}' is neither an age nor an instant", "for example 5m, or 2026-11-24T08:00:00Z");
    }
}
