using System.Text.Json.Serialization;

namespace Merlon.Contracts.Api;

/// <summary>Answer to POST /v1/plan (an <see cref="ApplyRequest"/>) and GET /v1/diff: what would become of the traffic.</summary>
/// <param name="Base">Newest revision of every tenant that the answer starts from.</param>
/// <param name="Documents">Documents that would say something else afterwards, or be gone.</param>
/// <param name="Flows">Of /v1/plan alone: real traffic of the last days that would be answered otherwise.</param>
/// <param name="Cut">Live connections that apply would end, each once, as one of its hosts tells it; null = a host did not tell its connections.</param>
/// <param name="CutAtOnce">Those of <paramref name="Cut"/> that end at once under drain and keep too: those of a vNIC whose place or Guard changes, of a tenant whose documents do not, of a vNIC
/// that was not guarded or has not approved them under its present rules, or of a host that has not what the change starts from; and TCP ones of a vNIC where no entry would be found. Null as <paramref name="Cut"/> is.</param>
/// <param name="Would">Rules of observing policies that change, of all where a Guard changes and one observes, which would have decided otherwise, with their counts.</param>
/// <param name="Looser">What Guards would ask less strictly, or not any more, before any rule.</param>
public sealed record PlanResult(
    IReadOnlyDictionary<string, long> Base, IReadOnlyList<string> Documents, IReadOnlyList<TrafficChangeRecord> Changes,
    IReadOnlyList<ConnectionRecord>? Cut, IReadOnlyList<DiagnosticRecord> Diagnostics, PlannedFlows? Flows = null, IReadOnlyList<LooserRecord>? Looser = null, IReadOnlyList<RuleHitRecord>? Would = null,
    IReadOnlyList<ConnectionRecord>? CutAtOnce = null);

/// <summary>One check of Guards.</summary>
/// <param name="Check"><c>antiSpoof.NAME</c>, or <c>etherTypes</c>: frames that pass unread.</param>
public sealed record LooserRecord(string Check, string Before, string After, IReadOnlyList<string> Vms);

/// <summary>Recorded flows that the change would answer otherwise.</summary>
/// <param name="Since">What ended before was not looked at: the days that were asked for, or less where the newest <see cref="Most"/> do not reach so far.</param>
/// <param name="Looked">How many were looked at.</param>
/// <param name="LeftOut">Guards under which not all that passes is logged (<c>log</c>, <c>untracked</c>): of these, flows may be missing.</param>
public sealed record PlannedFlows(DateTimeOffset Since, int Looked, IReadOnlyList<PlannedFlow> Changes, IReadOnlyList<string> LeftOut)
{
    public const int Most = 50_000;

    public const int DefaultDays = 7;

    public const int MostDays = 365;
}

/// <summary>Flows between the same ends, on the same service, whatever their source ports.</summary>
/// <param name="Before">allow, deny, reject, would-deny, would-allow: what the present policy says.</param>
/// <param name="RuleAfter">The rule that would decide; null = nobody judges.</param>
/// <param name="Flows">How many records of the log: openings and refusals.</param>
public sealed record PlannedFlow(
    FlowEndRecord Source, FlowEndRecord Destination, string Service, string Before, string After, string? RuleBefore, string? RuleAfter, int Flows, DateTimeOffset Last);

/// <summary>Answer to GET /v1/rules/observed.</summary>
/// <param name="Flows">Records that were looked at: the newest <see cref="PlannedFlows.Most"/> at most.</param>
/// <param name="Connections">Live ones that were looked at; null = a host did not tell its own, so what is open since before is missing.</param>
/// <param name="Rules">Allow rules that were looked at.</param>
/// <param name="LeftOut">Those of whose traffic the log does not have all: a Guard logs less than all.</param>
public sealed record ObservedRulesResult(DateTimeOffset Since, int Flows, int? Connections, int Rules, int LeftOut, IReadOnlyList<DiagnosticRecord> Findings);

/// <summary>A plan as kept in a file: what <c>merlon apply PLAN</c> commits, unless a tenant's revision has moved since.</summary>
/// <param name="Format"><see cref="FormatName"/>.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PlanFile(string Format, IReadOnlyDictionary<string, long> Base, bool Prune, IReadOnlyList<ManifestFile> Files)
{
    public const string FormatName = "merlon-plan/1";
}
