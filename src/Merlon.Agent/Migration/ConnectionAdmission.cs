using System.Collections.Immutable;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Agent.Migration;

/// <summary>Which connections of a snapshot may live here. Nothing in it is believed but what this host knows too: one end must be an address of this very
/// VM, and there must be room in its budget. Whether a policy allows them, their next packet asks.</summary>
internal static class ConnectionAdmission
{
    private const byte Icmp = 1, Tcp = 6, Udp = 17, Icmp6 = 58, Sctp = 132;

    // No timeout of the kernel program is longer (TIMEOUT_TCP_ESTABLISHED).
    private static readonly TimeSpan s_longest = TimeSpan.FromHours(12);

    /// <param name="own">The VM's guarded addresses by interface index, as this host's policy has them.</param>
    /// <param name="room">How many more its budget holds.</param>
    /// <param name="now">UTC.</param>
    public static AdmittedConnections Of(ConnectionSnapshot snapshot, string vmUuid, IReadOnlyDictionary<int, ImmutableHashSet<Address>> own, int room, DateTimeOffset now)
    {
        var refused = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var admitted = ImmutableArray.CreateBuilder<TravellingConnection>();
        var elapsed = now - snapshot.SavedAt is var gone && gone > TimeSpan.Zero ? gone : TimeSpan.Zero; // clocks of two hosts may differ
        foreach (var connection in BoardingOrder.Of(snapshot.Connections))
        {
            var aged = connection with { Age = connection.Age + elapsed, Idle = connection.Idle + elapsed, Remaining = Shorter(connection.Remaining, s_longest) - elapsed };
            if ((snapshot.VmUuid != vmUuid ? "another-vm" : WhyNot(aged, own) ?? (admitted.Count < room ? null : "over-budget")) is { } why)
                refused[why] = refused.GetValueOrDefault(why) + 1;
            else admitted.Add(aged);
        }
        if (snapshot.Connections.Length - admitted.Count - refused.Values.Sum() is > 0 and var over) refused["over"] = over;
        return new(admitted.ToImmutable(), refused);
    }

    private static string? WhyNot(TravellingConnection c, IReadOnlyDictionary<int, ImmutableHashSet<Address>> own)
    {
        if (c.Remaining <= TimeSpan.Zero) return "expired";
        if (!own.TryGetValue(c.Nic, out var addresses) || !addresses.Contains(c.Own.Address)) return "not-own-address";
        if (!c.Peer.Address.IsOwnable || c.Peer.Address.Family != c.Own.Address.Family || own.Values.Any(a => a.Contains(c.Peer.Address))) return "bad-peer";
        return IsTracked(c) ? null : "bad-protocol";
    }

    private static bool IsTracked(TravellingConnection c) => c.Proto switch
    {
        Tcp or Udp or Sctp => c.Own.Port != 0 && c.Peer.Port != 0,
        Icmp => IsEcho(c) && c.Own.Address.Family == AddressFamily.IPv4,
        Icmp6 => IsEcho(c) && c.Own.Address.Family == AddressFamily.IPv6,
        _ => c.Own.Port == 0 && c.Peer.Port == 0,
    };

    private static bool IsEcho(TravellingConnection c) => (ushort)(c.Own.Port - c.Peer.Port) == (c.Opened ? ushort.MaxValue : 1);

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
