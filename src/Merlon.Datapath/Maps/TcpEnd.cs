using Merlon.Datapath.Abi;

namespace Merlon.Datapath.Maps;

/// <summary>What is known of one end of a TCP connection.</summary>
/// <param name="Fin">It sent its FIN.</param>
/// <param name="Scale">Window shift (RFC 7323).</param>
/// <param name="Ack">Highest acknowledgement that it sent.</param>
public readonly record struct TcpEnd(bool Fin, byte Scale, ConnWindow Window, uint Ack);
