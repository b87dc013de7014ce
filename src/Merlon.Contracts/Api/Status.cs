namespace Merlon.Contracts.Api;

/// <summary>State of one host's agent. Served by the agent's socket and, relayed, by the controller.</summary>
/// <param name="Alarms">What an operator must act on now; empty = well.</param>
/// <param name="SequenceApplied">HostPolicy in the kernel; <paramref name="SequenceWanted"/> is the newest received.</param>
/// <param name="StartGate">Null = there is no libvirt to call it.</param>
/// <param name="ClaimsHeld">Claims of addresses that were not told on, since they were too many.</param>
/// <param name="ConfirmBy">It is on trial: at this instant the agent puts back what was before it, unless it is confirmed.</param>
public sealed record HostStatus(
    string Host, string HostUuid, string Instance, string Version, int Abi, bool Libvirt, bool Controller,
    ulong SequenceApplied, ulong SequenceWanted, string ImageDigest, int Vms, int Nics, int Attached,
    int Connections, int ConnectionCapacity, long EventsLost, long FlowsLost, long FlowsQueued,
    double LastSwapMs, double LastAttachMs, long MemoryBytes, DateTimeOffset StartedAt, IReadOnlyList<Alarm> Alarms, IReadOnlyList<NicStatus> Interfaces,
    DateTimeOffset? ConfirmBy = null, StartGateRecord? StartGate = null, long ClaimsHeld = 0);

/// <summary>One attached interface.</summary>
public sealed record NicStatus(string Ifname, int Ifindex, string Vm, string VmUuid, int Nic, bool Attached, bool First, string RulesetDigest, uint Epoch, string? Problem);

/// <summary>A stated problem. <paramref name="Code"/> is stable kebab-case.</summary>
/// <param name="ByGuest">A guest, or whoever reaches it, can bring it about: it says nothing about the product, and does not count for <see cref="StatusRecord.Ready"/>.</param>
public sealed record Alarm(string Code, string Message, string? Mend, DateTimeOffset Since, bool ByGuest = false);

/// <summary>GET /v1/status of the controller.</summary>
/// <param name="Sequence">Newest given to any host.</param>
/// <param name="Ready">Every connected host has told its VMs, has applied what it should have, and has no alarm but of guests' doing (<see cref="Alarm.ByGuest"/>).</param>
/// <param name="Trial">A change that waits for its confirmation.</param>
public sealed record StatusRecord(string Version, ulong Sequence, bool Ready, IReadOnlyList<HostRecord> Hosts, IReadOnlyList<Alarm> Alarms, TrialRecord? Trial = null);

/// <summary>A change on trial: at <paramref name="ConfirmBy"/> everything is as it was before, unless it is confirmed.</summary>
public sealed record TrialRecord(DateTimeOffset ConfirmBy, string By);

/// <summary>A host as the controller sees it.</summary>
/// <param name="SequenceWanted">HostPolicy it should have; 0 = none yet. An apply that changes nothing for a host leaves it as it is.</param>
/// <param name="Error">Why it refused its newest policy.</param>
/// <param name="Tables">What the policy that it should have takes of the limits; null = it has none yet.</param>
public sealed record HostRecord(
    string Name, string Uuid, bool Connected, DateTimeOffset LastSeen, ulong SequenceApplied, ulong SequenceWanted, string? Error, HostStatus? Status,
    TablesRecord? Tables = null)
{
    /// <summary>True when its kernel has everything up to the apply of this <see cref="ApplyResult.Sequence"/>.</summary>
    public bool Has(ulong sequence) => SequenceWanted > 0 && SequenceApplied > 0 && SequenceApplied >= Math.Min(sequence, SequenceWanted);

    /// <summary>True when it has not told its VMs yet, or its kernel has not what it should have.</summary>
    public bool IsLate() => Error is not null || SequenceWanted == 0 || SequenceApplied != SequenceWanted;
}

/// <summary>Sizes of one host's compiled policy: an apply beyond a limit is refused.</summary>
/// <param name="CellsOfRuleset">Of the largest ruleset.</param>
/// <param name="ServiceCombos">Classes of destination ports by classes of source ports.</param>
/// <param name="PortChunks">Distinct runs of 256 ports.</param>
public sealed record TablesRecord(
    UsedRecord RemoteClasses, UsedRecord ServiceClasses, UsedRecord GuardedNics, UsedRecord Bytes,
    UsedRecord CellsOfRuleset, UsedRecord Ipv6Lengths, UsedRecord Realms, UsedRecord ServiceCombos, UsedRecord PortChunks, UsedRecord Rules);

/// <summary>So much of so much.</summary>
public sealed record UsedRecord(long Used, long Limit);

/// <summary>One check of doctor.</summary>
/// <param name="Result">ok, warning or broken.</param>
public sealed record DoctorCheck(string Name, string Result, string Found, string? Mend);
