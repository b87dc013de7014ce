using System.Collections.Immutable;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Controller.Inventory;

namespace Merlon.Controller.Agents;

/// <summary>What one host's agent last said; replaced whole at every message.</summary>
/// <param name="Uuid">Identity of the host; its name is for people.</param>
public sealed record HostState(string Uuid, string Name)
{
    public bool Connected { get; init; }
    public DateTimeOffset LastSeen { get; init; }

    /// <summary>When it said hello.</summary>
    public DateTimeOffset Since { get; init; }

    public ulong Applied { get; init; }
    public string? Error { get; init; }
    public Contracts.Api.HostStatus? Status { get; init; }
    public ImmutableArray<NicReport> Nics { get; init; } = [];
    public ImmutableArray<Claim> Claims { get; init; } = [];
    public ImmutableDictionary<string, ulong> Hits { get; init; } = ImmutableDictionary<string, ulong>.Empty;

    /// <summary>How often observed rules would have decided otherwise.</summary>
    public ImmutableDictionary<string, ulong> Would { get; init; } = ImmutableDictionary<string, ulong>.Empty;

    /// <summary>It is there, and long enough to have told what it learned while it was away.</summary>
    public bool HasCaughtUp(DateTimeOffset now) => Connected && Since + AddressPins.Grace <= now;
}
