namespace Merlon.Contracts.Api;

/// <summary>State of one host's agent. Served by the agent's socket and, relayed, by the controller.</summary>
/// <param name="Alarms">What an operator must act on now; empty = well.</param>
/// <param name="SequenceApplied">HostPolicy in the kernel; <paramref name="SequenceWanted"/> is the newest received.</param>
public sealed record HostStatus(
    string Host, string HostUuid, string Instance, string Version, int Abi, bool Libvirt, bool Controller,
    ulong SequenceApplied, ulong SequenceWanted, string ImageDigest, int Vms, int Nics, int Attached,
    int Connections, int ConnectionCapacity, long EventsLost, long FlowsLost, long FlowsQueued,
    double LastSwapMs, double LastAttachMs, long MemoryBytes, DateTimeOffset StartedAt, IReadOnlyList<Alarm> Alarms, IReadOnlyList<NicStatus> Interfaces);

/// <summary>One attached interface.</summary>
public sealed record NicStatus(string Ifname, int Ifindex, string Vm, string VmUuid, int Nic, bool Attached, bool First, string RulesetDigest, uint Epoch, string? Problem);

/// <summary>A stated problem. <paramref name="Code"/> is stable kebab-case.</summary>
public sealed record Alarm(string Code, string Message, string? Mend, DateTimeOffset Since);

/// <summary>GET /v1/status of the controller.</summary>
/// <param name="Ready">Every connected host has applied <paramref name="Sequence"/> and has no alarm.</param>
public sealed record StatusRecord(string Version, ulong Sequence, bool Ready, IReadOnlyList<HostRecord> Hosts, IReadOnlyList<Alarm> Alarms);

/// <summary>A host as the controller sees it.</summary>
public sealed record HostRecord(string Name, string Uuid, bool Connected, DateTimeOffset LastSeen, ulong SequenceApplied, string? Error, HostStatus? Status);

/// <summary>One check of doctor.</summary>
/// <param name="Result">ok, warning or broken.</param>
public sealed record DoctorCheck(string Name, string Result, string Found, string? Mend);
