using Merlon.Agent.Sync;
using Merlon.Datapath.Maps;
using Merlon.Policy.Model;

namespace Merlon.Agent.Migration.Connections;

/// <summary>Which connections of a snapshot may be told to this host's kernel. Nothing that it says is believed: one end must be this VM's own
/// guarded address as this host knows it. What passes here is installed unapproved, and only for the VM's own hooks (datapath/bring.h).</summary>
/// <param name="nics">The VM's interfaces in the policy in force here.</param>
internal sealed class Landing(IEnumerable<NicPlan> nics)
{
    private readonly Dictionary<int, NicPlan> _nics = nics.Where(n => n.Guard.CarryConnections).ToDictionary(n => n.Key.Index);
    private readonly HashSet<(ushort, byte, uint, Address, Address, ushort, ushort)> _seen = [];

    /// <summary>No Guard here has connections of this VM carried.</summary>
    public bool IsClosed => _nics.Count == 0;

    /// <summary>Null = refused.</summary>
    public HeldConnection? Judge(in CarriedConnection c)
    {
        if (!c.IsSound || !_nics.TryGetValue(c.Nic, out var nic) || !nic.Addresses.Contains(c.Local)) return null;
        // Of a datagram nothing proves who spoke first: what came in because the other end was said to have opened it could go out where the VM may open nothing.
        if (c.Proto != Protocols.Tcp && (c.Flags & CarriedFlags.Opened) == 0) return null;
        if (c.Vlan != 0 && !nic.Guard.Frames.IsTrunk) return null;
        return _seen.Add((c.Nic, c.Proto, c.Vlan, c.Local, c.Remote, c.LocalPort, c.RemotePort)) ? c.At(nic.Segment, nic.Vnic, nic.Budget) : null;
    }
}
