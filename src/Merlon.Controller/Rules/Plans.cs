using Merlon.Contracts.Api;
using Merlon.Controller.Agents;
using Merlon.Controller.Flows;
using Merlon.Policy.Analyze;
using Merlon.Policy.Model;

namespace Merlon.Controller.Rules;

/// <summary>What a change would do, before it is made.</summary>
internal sealed class Plans(Applier applier, PolicyHistory history, LiveConnections live, HostRegistry hosts, FlowLog flows, TimeProvider clock)
{
    public const string TooLarge = "the policy of all hosts together is over a limit of the analysis; see Limits in docs/policy-language.md";

    /// <summary>The plan, with its errors if there are any; or why there is none.</summary>
    /// <param name="days">How far back recorded flows are looked at.</param>
    public async Task<(PlanResult? Result, string? Error)> Of(ApplyRequest request, int days, CancellationToken cancel)
    {
        var at = clock.GetUtcNow().ToUnixTimeSeconds();
        var since = DateTimeOffset.FromUnixTimeSeconds(at).AddDays(-days);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        // Neither needs the check, nor it them.
        var recent = Task.Run(() => flows.Newest(FlowFilter.All with { Since = since }, PlannedFlows.Most), end.Token);
        var told = live.Of(null, LiveConnections.Most, end.Token);
        try
        {
            var preview = applier.Preview(request, at);
            IReadOnlyList<string> documents = preview.Change is { } change ? [.. change.Changed] : [];
            if (preview.Next is not { } after) return (new(preview.Now.Documents.Revisions, documents, [], null, preview.Diagnostics), null);
            var before = preview.Now.Revision;
            var comparison = Task.Run(() => SemanticDiff.Of(before, after, at), cancel);
            var all = new BothRevisions(new(before.Vms, preview.Now.Plans, at), new(after.Vms, preview.Plans, at));
            var recorded = Recorded(before.Policy, all, since, await recent);
            var (connections, problem) = await told;
            var (cut, atOnce) = problem is null && preview.Now.Problems.IsEmpty ? Cut(preview, all).Of(connections) : default;
            var diff = await comparison;
            if (diff.Error is not null) return (null, diff.Error);
            return (new(preview.Now.Documents.Revisions, documents, ChangeRecords.Of(diff.Changes, before, after), cut, preview.Diagnostics, recorded, ChangeRecords.Looser(before, after), Would(before.Policy, documents), atOnce), null);
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(recent, told).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private CutConnections Cut(PolicyPreview preview, BothRevisions all)
    {
        var wanted = preview.Now.Hosts.Messages;
        return new(all, new(0, null, [.. preview.Change!.Tenants]), h => wanted.GetValueOrDefault(h) is { } message && hosts.Find(h)?.Applied == message.Sequence);
    }

    private IReadOnlyList<RuleHitRecord> Would(PolicySet before, IReadOnlyList<string> changed)
    {
        var all = changed.Any(r => r.StartsWith("guard/", StringComparison.Ordinal)) && before.Guards.Any(g => g.Mode == Enforcement.Observe);
        var (hits, would) = (hosts.Hits, hosts.Would);
        return [.. before.Policies.Where(p => all || (p.Document.Enforcement == Enforcement.Observe && changed.Contains(p.Document.Ref)))
            .SelectMany(p => p.Document.Rules.Select(r => p.RefOf(r).ToString())).Where(would.ContainsKey)
            .Select(r => new RuleHitRecord(r, hits.GetValueOrDefault(r), would[r]))];
    }

    private static PlannedFlows Recorded(PolicySet before, BothRevisions all, DateTimeOffset since, IReadOnlyList<StoredFlow> found)
    {
        var reach = found.Count == PlannedFlows.Most ? found.Min(f => f.Flow.End) : since;
        string[] leftOut = [.. before.Guards.Where(g => !g.Exclude && (g.Log != Merlon.Policy.Model.LogLevel.All || !g.Untracked.IsNone)).Select(g => g.Name)];
        return new(reach, found.Count, new FlowChanges(all).Of(found.Select(f => f.Flow)), leftOut);
    }

    /// <summary>Two revisions of one tenant, all else as it is now.</summary>
    /// <param name="after">Null = the present one.</param>
    public (PlanResult? Result, string? Code, string? Error) Between(string tenant, long before, long? after)
    {
        var now = applier.State;
        var (old, oldError) = history.At(now, tenant, before);
        var (later, laterError) = after is { } number ? history.At(now, tenant, number) : (now.Revision, null);
        if (old is null || later is null) return (null, oldError is null || oldError == PolicyHistory.Unknown || laterError == PolicyHistory.Unknown ? "no-such-revision" : "not-valid-now",
            (oldError ?? laterError) is PolicyHistory.Unknown ? $"tenant {tenant} has no such revision" : oldError ?? laterError);
        var diff = SemanticDiff.Of(old, later, clock.GetUtcNow().ToUnixTimeSeconds());
        return diff.Error is null ? (new(now.Documents.Revisions, [], ChangeRecords.Of(diff.Changes, old, later), null, [], Looser: ChangeRecords.Looser(old, later)), null, null) : (null, "too-large", diff.Error);
    }
}
