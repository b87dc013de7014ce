using Merlon.Contracts.Api;
using Merlon.Controller.Agents;
using Merlon.Controller.Flows;
using Merlon.Policy.Analyze;
using Merlon.Policy.Explain;

namespace Merlon.Controller.Rules;

/// <summary>The rules in force against the flows of the last days and the live connections.</summary>
internal sealed class Observations(Applier applier, LiveConnections live, FlowLog flows, TimeProvider clock)
{
    public async Task<ObservedRulesResult> Of(int days, CancellationToken cancel)
    {
        var (revision, now) = (applier.State.Revision, clock.GetUtcNow());
        var (at, since) = (now.ToUnixTimeSeconds(), now.AddDays(-days));
        var found = flows.Newest(FlowFilter.All with { Since = since }, PlannedFlows.Most).Select(f => f.Flow).ToList();
        var (connections, problem) = await live.Of(null, LiveConnections.Most, cancel);
        var seen = found.Where(f => f.Event is "open" or "close").Select(f => RecordedPacket.Of(revision.Vms, f.Source, f.Destination, f.Service, at))
            .Concat(connections.Select(c => RecordedPacket.Of(revision.Vms, c.Source, c.Destination, c.Service, at))).OfType<FlowQuestion>();
        var result = ObservedRules.Of(revision, seen, days == 1 ? "1 day" : FormattableString.Invariant($"{days} days"), at);
        return new(since, found.Count, problem is null ? connections.Count : null, result.Looked, result.LeftOut,
            [.. result.Warnings.Select(d => new DiagnosticRecord("warning", d.Code, d.Message, d.File, d.Line, d.Column, d.Hint))]);
    }
}
