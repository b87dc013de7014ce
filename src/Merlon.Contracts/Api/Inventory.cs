namespace Merlon.Contracts.Api;

/// <summary>A VM as the product sees it.</summary>
/// <param name="State">running or off.</param>
/// <param name="Guarded">yes, partly, no, observe.</param>
public sealed record VmRecord(string Name, string Uuid, string Tenant, IReadOnlyDictionary<string, string> Labels, string Host, string State, string Guarded, IReadOnlyList<NicRecord> Nics, IReadOnlyList<string> Groups);

/// <summary>One vNIC.</summary>
/// <param name="Attached">The program is on the interface and first in order.</param>
/// <param name="DesiredDigest">Ruleset digest that the controller wants; <paramref name="KernelDigest"/> is what the agent read back.</param>
/// <param name="Problem">Why it is not as wanted; null = as wanted.</param>
/// <param name="EmbeddedDigest">Of the policy that the VM carries in its metadata; null = none that counts.</param>
/// <param name="Drift">Where another digest is than the wanted one: <c>kernel</c> (of a running VM), <c>inside</c>; null = not guarded.</param>
/// <param name="AdoptsUntil">Connections that ran before it was guarded are taken in until then; null = they are not, or no longer.</param>
/// <param name="Vm">VM name; only in lists of vNICs (the agent's /v1/nics).</param>
public sealed record NicRecord(int Index, string Mac, string Network, string? Ifname, IReadOnlyList<string> Addresses, string? Guard, bool Attached, string? DesiredDigest, string? KernelDigest, string? Problem, string? Vm = null, string? EmbeddedDigest = null, IReadOnlyList<string>? Drift = null, DateTimeOffset? AdoptsUntil = null);

/// <summary>An address of a realm and the vNIC that has it.</summary>
/// <param name="How">declared, dhcp or arp (which is neighbour discovery too).</param>
/// <param name="Since">When it was learned; null = it is declared.</param>
/// <param name="Until">End of the lease; null = as long as its owner is there, or until it is released.</param>
public sealed record AddressRecord(string Address, string Realm, string Vm, string VmUuid, int Nic, string How, DateTimeOffset? Since = null, DateTimeOffset? Until = null);

/// <summary>A group and who is in it now.</summary>
public sealed record GroupRecord(string Tenant, string Name, IReadOnlyList<string> Vms, IReadOnlyList<string> Cidrs);

/// <summary>One rule of an applied policy with its hit count over all hosts.</summary>
/// <param name="Rule">tenant/policy/rule@revision.</param>
public sealed record RuleRecord(string Rule, string Tier, int Priority, string Action, IReadOnlyList<string> From, IReadOnlyList<string> To, IReadOnlyList<string> Services, bool Log, string Enforcement, long Hits, long Would);

/// <summary>A policy with its numbers.</summary>
public sealed record PolicyRecord(string Tenant, string Name, string Tier, int Priority, string Enforcement, long Revision, int Rules, IReadOnlyDictionary<string, string> Annotations, bool Protected = false);
