using Merlon.Policy.Model;

namespace Merlon.Datapath.Links;

/// <summary>One network interface of this namespace.</summary>
/// <param name="Mac">Null for interfaces without an Ethernet address.</param>
/// <param name="Master">ifindex of the bridge it is a port of; 0 = none.</param>
/// <param name="Forwards">A port of a bridge that carries plain frames to and from any other such port: forwarding, learning, neither isolated nor
/// locked.</param>
/// <param name="Bridge">What it is as a bridge.</param>
/// <param name="Kind">Driver kind such as <c>tun</c>, <c>bridge</c>, <c>veth</c>, <c>macvtap</c>; empty for hardware.</param>
public sealed record Link(int Ifindex, string Name, MacAddress? Mac, int Master, string Kind, LinkState State, uint TransmitQueue, int Mtu = 0, bool Forwards = false, BridgeKind Bridge = BridgeKind.None);
