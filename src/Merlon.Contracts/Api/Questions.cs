using System.Text.Json.Serialization;

namespace Merlon.Contracts.Api;

/// <summary>POST /v1/explain: would this traffic pass, and why.</summary>
/// <param name="From">VM name, UUID, vnet name, address, or a reference as in policy.</param>
/// <param name="Service">tcp/443, icmp, ...</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ExplainRequest(string From, string To, string Service, int? SourcePort = null);

/// <summary>The answer, one hop per guarded side.</summary>
public sealed record ExplainResult(string From, string To, string Service, string Verdict, string Reason, IReadOnlyList<ExplainHop> Hops, IReadOnlyList<string> Assumptions);

/// <summary>One judgement.</summary>
/// <param name="Where">out of VM, or into VM.</param>
public sealed record ExplainHop(string Where, string Vm, string Verdict, string Rule, string Reason, string? Tier, string? File, int? Line);
