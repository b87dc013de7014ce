namespace Merlon.Contracts.Api;

/// <summary>One end of a flow.</summary>
/// <param name="Vm">Null = outside.</param>
public sealed record FlowEndRecord(string? Vm, string? VmUuid, int? Nic, string? Tenant, string Address, int? Port);

/// <summary>One line of the flow log.</summary>
/// <param name="Event">open, close, deny, spoof, budget: a VM is over a budget (the reason says which); the packet is one of its top talker (the other end is :: where none stands out), and PacketsOut how many of the VM's were refused in all since the last such record.</param>
/// <param name="Verdict">allow, deny, reject, would-deny, would-allow.</param>
/// <param name="Reason">Stable kebab-case reason of datapath/abi.h; for close how the connection ended: finished, reset, idle-timeout, revoked, port-removed, replaced.</param>
/// <param name="Service">tcp/5432, icmp/8/0, proto/47 ...</param>
/// <param name="Rule">The rule that decided: the refusing one, else in's, else out's.</param>
/// <param name="PacketsOut">Initiator to responder; for deny the packets refused.</param>
/// <param name="EndState">For close: how far the connection had come.</param>
/// <param name="Direction">For deny: out (at the source vNIC) or in (at the destination vNIC).</param>
public sealed record FlowRecord(
    DateTimeOffset Start, DateTimeOffset End, string Event, string Verdict, string Reason,
    FlowEndRecord Source, FlowEndRecord Destination, string Service,
    string? Rule, string? OutRule, string? InRule, long? Revision,
    long PacketsOut, long PacketsIn, long BytesOut, long BytesIn,
    string? EndState, string? Direction, string Host, string Segment);

/// <summary>In a stream of flows (event: lost): so many records are missing here.</summary>
public sealed record FlowsLost(long Lost);

/// <summary>One entry of the connection table.</summary>
/// <param name="State">merlon_state in kebab-case.</param>
/// <param name="Approved">source, destination, both or none: which guarded sides have approved it under their present policy.</param>
/// <param name="Adopted">It ran before its VM was guarded (Guard.spec.adopt).</param>
public sealed record ConnectionRecord(
    FlowEndRecord Source, FlowEndRecord Destination, string Service, string State, string? OutRule, string? InRule,
    long PacketsOut, long PacketsIn, long BytesOut, long BytesIn, int ExpiresInMs, long AgeMs, string Approved, string Segment, bool Adopted = false);

/// <summary>GET /v1/rule-hits of the agent: how often a rule judged a packet that opened or was refused, since the pins were made.</summary>
public sealed record RuleHitRecord(string Rule, long Hits, long Would = 0);
