using Merlon.Contracts.Api;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;

namespace Merlon.Controller.Rules;

/// <summary>Flows of the log that one revision answers otherwise than the other, for the VMs of today.</summary>
internal sealed class FlowChanges(BothRevisions hosts)
{
    /// <summary>What opened or was refused; the end of a connection says nothing new.</summary>
    public IReadOnlyList<PlannedFlow> Of(IEnumerable<FlowRecord> flows)
    {
        var changes = new Dictionary<(EndpointRef, EndpointRef, string, Verdict, Verdict), PlannedFlow>();
        var asked = flows.Where(f => f.Event is "open" or "deny").Select(f => (Flow: f, Packet: RecordedPacket.Of(hosts.Vms, f.Source, f.Destination, f.Service, hosts.At)))
            .Where(a => a.Packet is { } packet && hosts.MayDiffer(packet)).Select(a => (a.Flow, Packet: a.Packet!.Value)).ToList();
        foreach (var ((flow, packet), (was, willBe)) in asked.Zip(hosts.Judge([.. asked.Select(a => a.Packet)])))
        {
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
