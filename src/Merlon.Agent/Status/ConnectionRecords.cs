using Merlon.Agent.Sync;
using Merlon.Contracts.Api;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Policy.Model;

namespace Merlon.Agent.Status;

/// <summary>Entries of the connection table with the names of their ends and rules.</summary>
internal static class ConnectionRecords
{
    /// <param name="vm">Name or UUID; empty = all.</param>
    /// <param name="epochs">Present epoch of each vNIC.</param>
    public static IReadOnlyList<ConnectionRecord> Of(
        IEnumerable<ConnectionEntry> entries, string vm, int limit, HostNames names, IReadOnlyDictionary<uint, uint> epochs) =>
        [.. entries.Where(e => vm.Length == 0 || Is(vm, names.Nic(e.SourceVnic)) || Is(vm, names.Nic(e.DestinationVnic)))
            .OrderByDescending(e => e.CreatedNs).Take(limit).Select(e => Record(e, names, epochs))];

    private static bool Is(string vm, NicName? nic) => nic is not null && (nic.Vm == vm || nic.VmUuid == vm);

    private static ConnectionRecord Record(ConnectionEntry e, HostNames names, IReadOnlyDictionary<uint, uint> epochs) => new(
        End(e.SourceVnic, e.Source, e.SourcePort, names), End(e.DestinationVnic, e.Destination, e.DestinationPort, names),
        Services.Text(e.Proto, e.DestinationPort), e.State.Text(), names.Rule(e.OutRule), names.Rule(e.InRule),
        (long)e.PacketsOut, (long)e.PacketsBack, (long)e.BytesOut, (long)e.BytesBack,
        (int)e.Remaining.TotalMilliseconds, (long)((BootClock.NowNs - e.CreatedNs) / 1_000_000),
        Approved(IsApproved(e.SourceVnic, e.SourceEpoch, epochs), IsApproved(e.DestinationVnic, e.DestinationEpoch, epochs)),
        names.Segment(e.Segment), e.Adopted);

    private static FlowEndRecord End(uint vnic, Address address, int port, HostNames names)
    {
        var nic = names.Nic(vnic);
        return new(nic?.Vm, nic?.VmUuid, nic?.Index, nic?.Tenant, address.ToString(), port);
    }

    private static bool IsApproved(uint vnic, uint epoch, IReadOnlyDictionary<uint, uint> epochs) =>
        vnic != 0 && epoch != 0 && epochs.GetValueOrDefault(vnic) == epoch;

    private static string Approved(bool source, bool destination) => (source, destination) switch
    {
        (true, true) => "both",
        (true, false) => "source",
        (false, true) => "destination",
        _ => "none",
    };
}
