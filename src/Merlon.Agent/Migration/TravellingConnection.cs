using Merlon.Datapath.Abi;

namespace Merlon.Agent.Migration;

/// <summary>One connection of a VM as it travels: nothing in it is a number or a clock of a host.</summary>
/// <param name="Nic">Index of the VM's interface.</param>
/// <param name="Vlan">The frame's own tags, as in <see cref="ConnKey4"/>.</param>
/// <param name="Opened">The VM opened it; else its peer did.</param>
/// <param name="Flags">Of ScaleOk and Liberal.</param>
/// <param name="Age">Since it was opened.</param>
/// <param name="Idle">Since its last packet.</param>
/// <param name="Remaining">Until it expires if no packet comes.</param>
/// <param name="Rule">That let it pass at this VM, by name; "" = none. For people: it approves nothing.</param>
internal sealed record TravellingConnection(
    int Nic, uint Vlan, byte Proto, TravellingEnd Own, TravellingEnd Peer, bool Opened, ConnState State, ConnFlags Flags,
    TimeSpan Age, TimeSpan Idle, TimeSpan Remaining, string Rule)
{
    /// <summary>The wire's own names for it: no two of a VM are the same.</summary>
    public (int Nic, uint Vlan, byte Proto, Merlon.Policy.Model.Address Own, ushort OwnPort, Merlon.Policy.Model.Address Peer, ushort PeerPort) Tuple =>
        (Nic, Vlan, Proto, Own.Address, Own.Port, Peer.Address, Peer.Port);
}
