using System.Text.Json.Serialization;

namespace Merlon.Contracts.Api;

/// <summary>POST /v1/explain: would this traffic pass, and why.</summary>
/// <param name="From">VM name, UUID, vnet name, address, or a reference as in policy.</param>
/// <param name="Service">tcp/443, icmp, ...</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ExplainRequest(string From, string To, string Service, int? SourcePort = null);

/// <summary>The answer, one hop per guarded side.</summary>
/// <param name="Packet">The one that was judged: of all that the question means, the first with the worst verdict.</param>
public sealed record ExplainResult(
    string From, string To, string Service, string Verdict, string Reason, IReadOnlyList<ExplainHop> Hops, IReadOnlyList<string> Assumptions, ExplainPacket Packet);

/// <summary>A first packet.</summary>
/// <param name="Protocol">IP protocol number.</param>
/// <param name="DestinationPort">Port, or ICMP type &lt;&lt; 8 | code; 0 where there is neither.</param>
public sealed record ExplainPacket(ExplainEnd From, ExplainEnd To, int Protocol, int SourcePort, int DestinationPort);

/// <summary>One end of a packet; without a VM it is outside, or known by its address alone.</summary>
/// <param name="Nic">Index of the VM's vNIC.</param>
public sealed record ExplainEnd(string? VmUuid, int? Nic, string Address);

/// <summary>One judgement.</summary>
/// <param name="Where">out of VM, or into VM.</param>
public sealed record ExplainHop(string Where, string Vm, string Verdict, string Rule, string Reason, string? Tier, string? File, int? Line);
