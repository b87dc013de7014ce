using System.Collections.Immutable;

namespace Merlon.Agent.Migration;

/// <summary>What was found of a snapshot.</summary>
/// <param name="Connections">Those that may be installed, unapproved, the first first.</param>
/// <param name="Refused">How many were not, by reason: another-vm, expired, not-own-address, bad-peer, bad-protocol, over-budget, over (had ended).</param>
internal sealed record AdmittedConnections(ImmutableArray<TravellingConnection> Connections, IReadOnlyDictionary<string, int> Refused);
