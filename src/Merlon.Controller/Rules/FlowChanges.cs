using Merlon.Contracts.Api;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;

namespace Merlon.Controller.Rules;

/// <summary>Flows of the log that one revision answers otherwise than the other, for the VMs of today.</summary>
internal sealed class FlowChanges(BothImages images)
{
    /// <summary>What opened or was refused; the end of a connection says nothing new.</summary>
    public IReadOnlyList<PlannedFlow> Of(IEnumerable<FlowRecord> flows)
    {
        var changes = new Dictionary<(EndpointRef, EndpointRef, string, Verdict, Verdict), PlannedFlow>();
        foreach (var flow in flows)
        {
            if (flow.Event is not ("open" or "deny") || RecordedPacket.Of(images.Vms, flow.Source, flow.Destination, flow.Service, images.At) is not { } packet) continue;
            var (was, willBe) = (images.Before.Judge(packet), images.After.Judge(packet));
            if (was.Verdict == willBe.Verdict) continue;
            var key = (packet.From, packet.To, flow.Service, was.Verdict, willBe.Verdict);
            changes[key] = changes.TryGetValue(key, out var known)
                ? known with { Flows = known.Flows + 1, Last = flow.End > known.Last ? flow.End : known.Last }
                : new(flow.Source with { Port = null }, flow.Destination, flow.Service, ExplainRecords.Word(was.Verdict), ExplainRecords.Word(willBe.Verdict), Deciding(was), Deciding(willBe), 1, flow.End);
        }
        return [.. changes.Values.OrderByDescending(c => c.Flows).ThenByDescending(c => c.Last)];
    }

    private static string? Deciding(FlowVerdict flow) => (flow.InRule ?? flow.OutRule)?.ToString();
}
