using System.Collections.Immutable;

namespace Merlon.Agent.Migration;

/// <summary>The connections that a VM takes along.</summary>
/// <param name="SavedAt">UTC. A file that is restored later is older by that much.</param>
/// <param name="LeftBehind">How many found no room.</param>
internal sealed record ConnectionSnapshot(string VmUuid, DateTimeOffset SavedAt, ImmutableArray<TravellingConnection> Connections, int LeftBehind)
{
    public static ConnectionSnapshot Empty(string vmUuid, DateTimeOffset at) => new(vmUuid, at, [], 0);
}
