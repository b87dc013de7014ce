using Merlon.Agent.Sync;
using Merlon.Contracts.Wire;
using Merlon.Datapath.Abi;

namespace Merlon.Agent.Flows;

/// <summary>Builds the record that people read from the kernel's event: names for numbers, UTC for the boot clock.</summary>
internal static class FlowRecords
{
    public static FlowRecordMessage From(in MerlonEvent e, HostNames names, ClockOffset clock)
    {
        var record = new FlowRecordMessage
        {
            StartUnixMs = clock.UnixMs(e.CreatedNs == 0 ? e.TimeNs : e.CreatedNs),
            EndUnixMs = clock.UnixMs(e.TimeNs),
            Event = e.Type.Text(),
            Verdict = VerdictText(e),
            Reason = e.Reason.Text(),
            Source = End(e.SourceVnic, e.Source, names),
            Destination = End(e.DestinationVnic, e.Destination, names),
            Protocol = e.Proto,
            SourcePort = e.SourcePort,
            DestinationPort = e.DestinationPort,
            OutRule = names.Rule(e.OutRule) ?? "",
            InRule = names.Rule(e.InRule) ?? "",
            PacketsOut = e.Packets[0],
            PacketsIn = e.Packets[1],
            BytesOut = e.Bytes[0],
            BytesIn = e.Bytes[1],
            Segment = names.Segment(e.Segment),
            CandidateRule = names.Rule(e.CandidateRule) ?? "",
        };
        if (e.Type == EventType.Close) record.EndState = e.EndState.Text();
        else if (e.Type != EventType.Open) record.Direction = e.Flags.HasFlag(EventFlags.In) ? "in" : "out";
        return record;
    }

    // The active verdict is the kernel's; the flag says that the candidate differs.
    private static string VerdictText(in MerlonEvent e) =>
        (e.Flags.HasFlag(EventFlags.WouldDeny) ? Policy.Model.Verdict.WouldDeny
            : e.Flags.HasFlag(EventFlags.WouldAllow) ? Policy.Model.Verdict.WouldAllow : e.Verdict).Text();

    private static FlowEnd End(uint vnic, in AddressBytes address, HostNames names)
    {
        var end = new FlowEnd { Address = address.ToAddress().ToString() };
        if (names.Nic(vnic) is not { } nic) return end;
        end.Vm = nic.Vm;
        end.VmUuid = nic.VmUuid;
        end.NicIndex = (uint)nic.Index;
        end.Tenant = nic.Tenant;
        return end;
    }
}
