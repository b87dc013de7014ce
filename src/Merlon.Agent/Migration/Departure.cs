using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;

namespace Merlon.Agent.Migration;

/// <summary>The connections that a VM takes along from this host: what is local to it becomes names and durations.</summary>
internal static class Departure
{
    /// <param name="nics">Interface index of each vNIC of the VM.</param>
    /// <param name="rule">Name of a host's rule id; null = none.</param>
    /// <param name="now">UTC.</param>
    /// <param name="nowNs">The same on the boot clock.</param>
    public static ConnectionSnapshot Of(string vmUuid, IReadOnlyDictionary<uint, int> nics, IEnumerable<ConnectionEntry> entries, Func<uint, string?> rule, DateTimeOffset now, ulong nowNs) =>
        new(vmUuid, now, [.. entries.Where(e => IsOfOne(e, nics)).Select(e => Of(e, nics, rule, nowNs)).DistinctBy(c => c.Tuple)], 0);

    // What is revoked is over here, and would only be judged again there; between two interfaces of one VM there is no way that travels.
    private static bool IsOfOne(ConnectionEntry e, IReadOnlyDictionary<uint, int> nics) =>
        (e.Flags & ConnFlags.Revoked) == 0 && nics.ContainsKey(e.SourceVnic) != nics.ContainsKey(e.DestinationVnic);

    private static TravellingConnection Of(ConnectionEntry e, IReadOnlyDictionary<uint, int> nics, Func<uint, string?> rule, ulong nowNs)
    {
        TravellingEnd source = new(e.Source, e.SourcePort, e.SourceTcp.Fin, e.SourceTcp.Scale, e.SourceTcp.Window, e.SourceTcp.Ack, e.PacketsOut, e.BytesOut);
        TravellingEnd destination = new(
            e.Destination, e.DestinationPort, e.DestinationTcp.Fin, e.DestinationTcp.Scale, e.DestinationTcp.Window, e.DestinationTcp.Ack, e.PacketsBack, e.BytesBack);
        var opened = nics.TryGetValue(e.SourceVnic, out var nic) || !nics.TryGetValue(e.DestinationVnic, out nic);
        var age = TimeSpan.FromMilliseconds(nowNs > e.CreatedNs ? (nowNs - e.CreatedNs) / 1_000_000 : 0);
        return new(nic, e.Vlan, e.Proto, opened ? source : destination, opened ? destination : source, opened, e.State, e.Flags & ConnectionColumns.Travelling,
            age, e.Idle > TimeSpan.Zero ? e.Idle : TimeSpan.Zero, e.Remaining, rule(opened ? e.OutRule : e.InRule) ?? "");
    }
}
