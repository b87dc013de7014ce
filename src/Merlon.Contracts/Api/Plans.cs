using System.Text.Json.Serialization;

namespace Merlon.Contracts.Api;

/// <summary>Answer to POST /v1/plan (an <see cref="ApplyRequest"/>) and GET /v1/diff: what would become of the traffic.</summary>
/// <param name="Base">Newest revision of every tenant that the answer starts from.</param>
/// <param name="Documents">Documents that would say something else afterwards, or be gone.</param>
/// <param name="Cut">Live connections that pass now and would be refused; null = a host did not tell its connections.</param>
public sealed record PlanResult(
    IReadOnlyDictionary<string, long> Base, IReadOnlyList<string> Documents, IReadOnlyList<TrafficChangeRecord> Changes,
    IReadOnlyList<ConnectionRecord>? Cut, IReadOnlyList<DiagnosticRecord> Diagnostics);

/// <summary>A plan as kept in a file: what <c>merlon apply PLAN</c> commits, unless a tenant's revision has moved since.</summary>
/// <param name="Format"><see cref="FormatName"/>.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PlanFile(string Format, IReadOnlyDictionary<string, long> Base, bool Prune, IReadOnlyList<ManifestFile> Files)
{
    public const string FormatName = "merlon-plan/1";
}
