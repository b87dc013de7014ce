using System.CommandLine;
using System.Text.Json;
using Merlon.Cli.Clients;
using Merlon.Cli.Commands.Get;
using Merlon.Cli.Offline;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;
using Merlon.Policy.Analyze;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Cli.Commands;

/// <summary>merlon plan: what an apply would do, before it is made.</summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        var files = new Option<string[]>("--file", "-f") { Description = "Manifest files, or folders of them", HelpName = "PATH", Required = true, AllowMultipleArgumentsPerToken = true };
        var prune = new Option<bool>("--prune") { Description = "Plan to remove the tenant's documents that are not in the files" };
        var unprotect = Unprotect.Option();
        var save = new Option<string?>("--out") { Description = "Write the plan there, for 'merlon apply FILE'", HelpName = "FILE" };
        var against = new Option<string?>("--against") { Description = "Compare with these manifests instead of the server", HelpName = "PATH" };
        var inventory = new Option<string[]>("--inventory", "-i") { Description = "Inventory, with --against", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
        var days = new Option<int>("--days") { Description = "Look at flows of so many days", HelpName = "N", DefaultValueFactory = _ => PlannedFlows.DefaultDays };
        var verb = new Verb("plan", "What an apply would open, close and cut. Exit 0: nothing changes, 2: something does, 6: a policy test fails, 1: errors",
            "merlon plan -f policies/", "merlon plan -f policies/ --prune --out change.plan", "merlon plan -f policies/ --against /etc/merlon/policies -i inventory.yaml")
        {
            files, prune, unprotect, days, save, against, inventory,
        };
        return verb.Runs(async (call, cancel) =>
        {
            if (call.Get(against) is { } old)
            {
                if (call.Get(save) is not null || call.Get(prune)) throw new CliException("--out and --prune are about the server", "leave them out with --against");
                return Show(call, Offline(call, call.Get(files)!, old, call.Get(inventory) ?? [], call.Get(unprotect) ?? []));
            }
            var request = new ApplyRequest(Manifests.Read(call.Get(files)!), call.Get(prune), Unprotect: Unprotect.Named(call, unprotect));
            using var api = Controller.Connect(call);
            var plan = await api.Post($"/v1/plan?days={call.Get(days)}", request, ApiJson.Default.ApplyRequest, ApiJson.Default.PlanResult, cancel);
            var code = Show(call, plan);
            if (code is not (ExitCode.Error or ExitCode.TestFailed) && call.Get(save) is { } file) await Save(file, new(PlanFile.FormatName, plan.Base, request.Prune, request.Files), cancel);
            return code;
        });
    }

    /// <summary>A plan that <c>plan --out</c> wrote.</summary>
    public static PlanFile Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(Manifests.Text(path), ApiJson.Default.PlanFile) is { Format: PlanFile.FormatName, Base: not null, Files: not null } plan
                ? plan : throw new JsonException("another format");
        }
        catch (JsonException)
        {
            throw new CliException($"{path} is no plan of this version", "make one with 'merlon plan -f PATH --out FILE', or apply manifests with -f");
        }
    }

    private static async Task Save(string file, PlanFile plan, CancellationToken cancel) =>
        await File.WriteAllBytesAsync(file, JsonSerializer.SerializeToUtf8Bytes(plan, ApiJson.Default.PlanFile), cancel);

    private static PlanResult Offline(Call call, string[] files, string against, string[] inventory, string[] unprotect)
    {
        var (before, after) = (OfflinePolicy.Load([against], inventory), OfflinePolicy.Load(files, inventory));
        var (old, now) = (before.Require(call), after.Require(call));
        var (oldTexts, newTexts) = (Texts(before), Texts(after));
        HashSet<string> changed = [.. oldTexts.Keys.Union(newTexts.Keys).Where(r => oldTexts.GetValueOrDefault(r) != newTexts.GetValueOrDefault(r))];
        Revision was = new(old, before.Inventory), willBe = new(now, after.Inventory);
        var refused = ProtectedPolicies.Refusals(old, changed, r => after.Documents.FirstOrDefault(d => d.Ref == r), unprotect);
        // Without VMs a test means nobody.
        if (after.Inventory.Vms.Length > 0) refused = refused.Concat(StoredTests.Broken(was, willBe, changed.Select(Document.TenantOf).ToHashSet(), DateTimeOffset.UtcNow.ToUnixTimeSeconds()));
        return new(new Dictionary<string, long>(), [.. changed.Order(StringComparer.Ordinal)], Changes.Between(was, willBe), null, [.. refused.Select(OfflinePolicy.Record)], Looser: ChangeRecords.Looser(was, willBe));
    }

    private static Dictionary<string, string> Texts(OfflinePolicy policy) =>
        policy.Documents.GroupBy(d => d.Ref).ToDictionary(g => g.Key, g => string.Concat(g.Select(ManifestPrinter.Print)));

    private static int Show(Call call, PlanResult plan)
    {
        foreach (var d in plan.Diagnostics) call.Say(Diagnostics.Line(d));
        call.Print(plan, ApiJson.Default.PlanResult, p => Table(call, p));
        if (plan.Diagnostics.Any(d => d.Severity == "error"))
        {
            call.Say("error: this cannot be applied; correct the errors above");
            return ApplyCommand.OnlyTests(plan.Diagnostics) ? ExitCode.TestFailed : ExitCode.Error;
        }
        call.Say($"{plan.Documents.Count} documents change; {Changes.Summary(plan.Changes)}"
            + (plan.Cut is { } cut ? $"; {cut.Count} live connections would be cut{Spared(cut.Count, plan.CutAtOnce?.Count)}" : "")
            + (plan.Flows is { } flows ? $"; {flows.Changes.Sum(f => f.Flows)} of {flows.Looked} flows since {Tables.Time(flows.Since)} would be answered otherwise{LeftOut(flows)}" : ""));
        if (plan.Changes.Any(c => c.After.Untracked)) call.Say(Changes.Untracked);
        return plan.Documents.Count > 0 || plan.Changes.Count > 0 ? ExitCode.Differences : ExitCode.Ok;
    }

    private static void Table(Call call, PlanResult plan)
    {
        foreach (var document in plan.Documents) call.Out.WriteLine(Printable.Line($"{document} changes"));
        if (plan.Changes.Count > 0) call.Out.WriteLine();
        Changes.Table(call, plan.Changes);
        if (plan.Looser is { Count: > 0 } looser) Looser(call, looser);
        if (plan.Would is { Count: > 0 } would) Would(call, would);
        if (plan.Cut is { Count: > 0 } cut) Cut(call, cut, plan.CutAtOnce?.ToHashSet());
        if (plan.Flows is { Changes.Count: > 0 } flows) Recorded(call, flows);
    }

    /// <param name="atOnce">Null = not told.</param>
    private static string Spared(int cut, int? atOnce) => atOnce switch
    {
        null => "",
        0 => " (apply --connections drain=SPAN: after that time; keep: not at all)",
        _ when cut == atOnce => " (at once, with --connections drain=SPAN and keep too)",
        _ => $" ({atOnce} of them at once with any --connections; the others with drain=SPAN after that time, with keep not at all)",
    };

    private static void Cut(Call call, IReadOnlyList<ConnectionRecord> cut, HashSet<ConnectionRecord>? atOnce)
    {
        call.Out.WriteLine();
        string[] titles = ["CUT FROM", "TO", "SERVICE", "STATE", "PACKETS"];
        var t = new Listing(atOnce is null ? titles : [.. titles, "DRAIN, KEEP"]);
        foreach (var c in cut)
        {
            string[] cells = [End(c.Source), End(c.Destination), c.Service, c.State, $"{c.PacketsOut + c.PacketsIn}"];
            t.Add(atOnce is null ? cells : [.. cells, atOnce.Contains(c) ? "cut at once" : "goes on"]);
        }
        t.WriteTo(call);
    }

    private static void Looser(Call call, IReadOnlyList<LooserRecord> looser)
    {
        call.Out.WriteLine();
        var t = new Listing("LOOSER", "BEFORE", "AFTER", "VMS");
        foreach (var l in looser) t.Add(l.Check, l.Before, l.After, string.Join(", ", l.Vms));
        t.WriteTo(call);
    }

    private static void Would(Call call, IReadOnlyList<RuleHitRecord> would)
    {
        call.Out.WriteLine();
        var t = new Listing("OBSERVED SO FAR", "WOULD HAVE DECIDED OTHERWISE");
        foreach (var w in would) t.Add(w.Rule, $"{w.Would}");
        t.WriteTo(call);
    }

    private static string LeftOut(PlannedFlows flows) =>
        flows.LeftOut.Count == 0 ? "" : $" (not all is logged under {string.Join(", ", flows.LeftOut.Select(g => $"guard/{g}"))})";

    private static void Recorded(Call call, PlannedFlows flows)
    {
        call.Out.WriteLine();
        var t = new Listing("SEEN FROM", "TO", "SERVICE", "NOW", "THEN", "FLOWS", "LAST");
        foreach (var f in flows.Changes) t.Add(End(f.Source), End(f.Destination), f.Service, Decision(f.Before, f.RuleBefore), Decision(f.After, f.RuleAfter), $"{f.Flows}", $"{f.Last:u}");
        t.WriteTo(call);
    }

    private static string Decision(string verdict, string? rule) => rule is null ? verdict : $"{verdict} ({rule})";

    private static string End(FlowEndRecord end) => end.Vm is null ? end.Address : $"{end.Vm} ({end.Address})";
}
