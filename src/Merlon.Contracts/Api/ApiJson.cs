using System.Text.Json;
using System.Text.Json.Serialization;

namespace Merlon.Contracts.Api;

/// <summary>JSON of the public API and of the agent's socket: camelCase, nulls left out, no reflection (NativeAOT).</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ApplyRequest))]
[JsonSerializable(typeof(ApplyResult))]
[JsonSerializable(typeof(RollbackRequest))]
[JsonSerializable(typeof(IsolateRequest))]
[JsonSerializable(typeof(ApiError))]
[JsonSerializable(typeof(ApiAccess))]
[JsonSerializable(typeof(IReadOnlyList<RevisionRecord>))]
[JsonSerializable(typeof(IReadOnlyList<DocumentRecord>))]
[JsonSerializable(typeof(IReadOnlyList<DiagnosticRecord>))]
[JsonSerializable(typeof(VmRecord))]
[JsonSerializable(typeof(IReadOnlyList<VmRecord>))]
[JsonSerializable(typeof(IReadOnlyList<NicRecord>))]
[JsonSerializable(typeof(IReadOnlyList<AddressRecord>))]
[JsonSerializable(typeof(IReadOnlyList<GroupRecord>))]
[JsonSerializable(typeof(IReadOnlyList<RuleRecord>))]
[JsonSerializable(typeof(IReadOnlyList<PolicyRecord>))]
[JsonSerializable(typeof(string[]))] // query fields
[JsonSerializable(typeof(IReadOnlyList<FlowRecord>))]
[JsonSerializable(typeof(FlowRecord))]
[JsonSerializable(typeof(FlowsLost))]
[JsonSerializable(typeof(IReadOnlyList<ConnectionRecord>))]
[JsonSerializable(typeof(IReadOnlyList<RuleHitRecord>))]
[JsonSerializable(typeof(ExplainRequest))]
[JsonSerializable(typeof(ExplainResult))]
[JsonSerializable(typeof(IReadOnlyList<TrafficChangeRecord>))]
[JsonSerializable(typeof(PlanResult))]
[JsonSerializable(typeof(ObservedRulesResult))]
[JsonSerializable(typeof(PlanFile))]
[JsonSerializable(typeof(ProveRequest))]
[JsonSerializable(typeof(IReadOnlyList<AccessRecord>))]
[JsonSerializable(typeof(ProveAnswer))]
[JsonSerializable(typeof(HostStatus))]
[JsonSerializable(typeof(StatusRecord))]
[JsonSerializable(typeof(TablesRecord))]
[JsonSerializable(typeof(IReadOnlyList<HostRecord>))]
[JsonSerializable(typeof(IReadOnlyList<DoctorCheck>))]
[JsonSerializable(typeof(AttachRequest))]
[JsonSerializable(typeof(AttachResult))]
[JsonSerializable(typeof(CaptureResult))]
[JsonSerializable(typeof(ExplainPacket))]
[JsonSerializable(typeof(TraceResult))]
[JsonSerializable(typeof(TraceHops))]
[JsonSerializable(typeof(HostTraffic))]
[JsonSerializable(typeof(TopRecord))]
[JsonSerializable(typeof(GateAnswer))]
[JsonSerializable(typeof(MigrationRecord))]
[JsonSerializable(typeof(IReadOnlyList<MigrationRecord>))]
[JsonSerializable(typeof(IReadOnlyList<CaseResult>))]
public sealed partial class ApiJson : JsonSerializerContext
{
}
