using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>What the kernel program knows when it asks the image about one packet at one vNIC.</summary>
/// <param name="Nic">Nic record.</param>
/// <param name="Realm">Realm number of the port.</param>
/// <param name="Local">The vNIC's side of the packet: source when out, destination when in.</param>
/// <param name="LocalOwned">The vNIC owns <paramref name="Local"/> in the realm.</param>
/// <param name="RemoteClass">Class of a guarded local source, known by its vNIC; null = look <paramref name="Remote"/> up.</param>
/// <param name="DestinationPort">Port, or ICMP type &lt;&lt; 8 | code; 0 where the protocol has none.</param>
public readonly record struct ImagePacket(
    int Nic, Direction Direction, int Realm, Address Local, bool LocalOwned, Address Remote, int? RemoteClass,
    int Protocol, int DestinationPort, int SourcePort);
