using System.Collections.Immutable;

namespace Merlon.Agent.Guests;

/// <summary>One interface that a person told the agent to guard; lives until it is detached by hand.</summary>
internal sealed record HandAttachment(
    string Ifname, string Vm, string VmUuid, int Index, string Tenant, ImmutableSortedDictionary<string, string> Labels,
    string Mac, ImmutableArray<string> Addresses, string Network);
