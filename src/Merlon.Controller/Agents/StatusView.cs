using Merlon.Contracts.Api;

namespace Merlon.Controller.Agents;

/// <summary>What GET /v1/status and /v1/hosts say, from what the agents last said.</summary>
internal static class StatusView
{
    public static StatusRecord Of(Rooms rooms)
    {
        var state = rooms.Applier.State;
        var hosts = rooms.Registry.Hosts;
        var alarms = hosts.SelectMany(h => h.Status?.Alarms ?? []).ToList();
        var now = rooms.Clock.GetUtcNow();
        alarms.AddRange(state.Problems.Select(p => new Alarm("policy-not-resolved", p.ToString(), null, now)));
        alarms.AddRange(state.Inventory.Refused.Select(c => new Alarm("address-claimed",
            $"{c.ClaimantVm} claims {c.Address}, which belongs to {c.OwnerVm}: refused", "correct the addresses in the claimant's metadata", now)));
        alarms.AddRange(hosts.Where(h => !h.Connected).Select(h => new Alarm("host-not-connected", $"{h.Name} is not connected", "look at its merlon-agent", h.LastSeen)));
        var ready = hosts.Any(h => h.Connected) && hosts.Where(h => h.Connected).All(h => h.Error is null && h.Applied >= Wanted(rooms, h.Uuid));
        return new(ProductVersion.Text, state.Hosts.Sequence, ready, [.. hosts.Select(Record)], alarms);
    }

    public static IReadOnlyList<HostRecord> Hosts(Rooms rooms) => [.. rooms.Registry.Hosts.Select(Record)];

    private static ulong Wanted(Rooms rooms, string host) => rooms.Applier.State.Hosts.Messages.GetValueOrDefault(host)?.Sequence ?? 0;

    private static HostRecord Record(HostState h) => new(h.Name, h.Uuid, h.Connected, h.LastSeen, h.Applied, h.Error, h.Status);
}
