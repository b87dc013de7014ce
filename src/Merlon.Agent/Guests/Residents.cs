using Merlon.Agent.Sync;
using Merlon.Policy.Model;

namespace Merlon.Agent.Guests;

/// <summary>Interfaces of VMs that ran here before anybody wanted them guarded: those that a host's first agent found, and those that a policy which knows
/// them has left alone. A VM that starts, or comes from another host, has an interface that was never here.</summary>
internal sealed class Residents(GuestBook guests)
{
    private readonly HashSet<int> _here = [];

    /// <summary>The first agent of this host has begun, and nothing is guarded.</summary>
    public void Found(IEnumerable<HostLink> links) => _here.UnionWith(links.Select(l => l.Ifindex));

    /// <summary>A policy that knows every VM of this host is in force.</summary>
    public void LeftAlone(HostPlan? plan, IEnumerable<HostLink> links) =>
        _here.UnionWith(guests.Interfaces(links).Where(i => plan?.Find(i.Key) is null).Select(i => i.Value));

    /// <summary>The interfaces of this moment.</summary>
    public void Keep(IEnumerable<HostLink> links) => _here.IntersectWith(links.Select(l => l.Ifindex));

    /// <summary>The vNIC's interface is one of them. Who attaches one by hand says so of it.</summary>
    public bool Ran(NicKey key, int ifindex) => guests.IsByHand(key.VmUuid) || _here.Contains(ifindex);
}
