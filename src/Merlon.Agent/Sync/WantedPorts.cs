using Merlon.Agent.Guests;

namespace Merlon.Agent.Sync;

/// <summary>Which interfaces must carry the program. A guarded interface is let go only because its link is gone or the policy
/// says so, never because libvirt is silent or a guest is unknown for a moment.</summary>
internal static class WantedPorts
{
    public static IReadOnlyList<WantedPort> Of(
        HostPlan? plan, GuestBook guests, IEnumerable<HandAttachment> byHand, IReadOnlyCollection<HostLink> links, IKernel kernel)
    {
        var byName = links.ToDictionary(l => l.Name);
        var wanted = new Dictionary<int, WantedPort>();
        if (plan is not null) AddLocated(plan, guests, byName, wanted);
        foreach (var hand in byHand)
            if (byName.TryGetValue(hand.Ifname, out var link) && !wanted.ContainsKey(link.Ifindex))
                wanted[link.Ifindex] = new(link.Ifindex, link.Name, null);
        AddUnlocated(plan, links, kernel, wanted);
        return [.. wanted.Values];
    }

    private static void AddLocated(HostPlan plan, GuestBook guests, Dictionary<string, HostLink> byName, Dictionary<int, WantedPort> wanted)
    {
        var names = guests.Ifnames();
        foreach (var nic in plan.Nics)
            if (names.TryGetValue(nic.Key, out var name) && byName.TryGetValue(name, out var link))
                wanted.TryAdd(link.Ifindex, new(link.Ifindex, link.Name, nic, null, link.Domain, link.Mtu, link.Plain));
    }

    // The port record says which vNIC is behind an interface; it counts only where the program is attached too, since an
    // ifindex is reused and a vanished interface takes its attachments with it.
    private static void AddUnlocated(HostPlan? plan, IReadOnlyCollection<HostLink> links, IKernel kernel, Dictionary<int, WantedPort> wanted)
    {
        var byIndex = links.ToDictionary(l => l.Ifindex);
        var unlocated = kernel.Ports().Where(p => !wanted.ContainsKey(p.Key)).ToList();
        if (unlocated.Count == 0) return;
        var attached = kernel.Attached().Where(a => a.Value.Live).Select(a => a.Key).ToHashSet();
        var placed = wanted.Values.Where(w => w.Plan is not null).Select(w => w.Plan!.Vnic).ToHashSet();
        foreach (var (ifindex, record) in unlocated)
        {
            if (!attached.Contains(ifindex) || !byIndex.TryGetValue(ifindex, out var link)) continue;
            if (plan is null) wanted[ifindex] = new(ifindex, link.Name, null, record);
            else if (plan.Nics.FirstOrDefault(n => n.Vnic == record.Vnic) is { } nic && placed.Add(nic.Vnic))
                wanted[ifindex] = new(ifindex, link.Name, nic, null, link.Domain, link.Mtu, link.Plain);
        }
    }
}
