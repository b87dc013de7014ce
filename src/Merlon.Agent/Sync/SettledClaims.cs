using System.Collections.Immutable;
using Merlon.Policy.Resolve;

namespace Merlon.Agent.Sync;

/// <summary>A policy in which every address of a realm has one owner.</summary>
/// <param name="Owners">By <see cref="ClaimCourt.Key"/>.</param>
internal sealed record SettledClaims(
    HostPolicy Policy, ImmutableDictionary<string, BookOwner> Owners, ImmutableArray<RefusedClaim> Refused);
