using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Agent.Migration;

/// <summary>One end of a travelling connection: where it is, and what it sent.</summary>
/// <param name="Port">Host order; ICMP echo: the id at the end that asks, id + 1 at the other (abi.h).</param>
/// <param name="Fin">It sent its FIN.</param>
/// <param name="Scale">Window shift (RFC 7323), 0 to 14.</param>
/// <param name="Ack">Highest acknowledgement that it sent.</param>
internal readonly record struct TravellingEnd(
    Address Address, ushort Port, bool Fin, byte Scale, ConnWindow Window, uint Ack, ulong Packets, ulong Bytes);
