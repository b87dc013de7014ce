using System.Text.Json.Serialization;

namespace Merlon.Contracts.Api;

/// <summary>One manifest file as the client read it. <paramref name="Path"/> is only for messages.</summary>
public sealed record ManifestFile(string Path, string Text);

/// <summary>POST /v1/apply. All named documents are committed together or none.</summary>
/// <param name="Prune">Remove the documents of the named tenants that are not in <paramref name="Files"/>.</param>
/// <param name="DryRun">Check everything, commit nothing.</param>
/// <param name="ConfirmWithin">Seconds, 1 to 86,400: unless it is confirmed by then, every host puts back what was before. Null = for good.</param>
/// <param name="Connections">What becomes of live connections that it forbids: cut (default), drain or keep (to their own end).</param>
/// <param name="DrainFor">Seconds, 1 to 604,800, with drain: they are cut then.</param>
/// <param name="Unprotect">Protected policies that it may change or remove, or what they stand on: TENANT/NAME each.</param>
/// <param name="Base">Revision of every tenant that the change was planned on; refused with 409 when one has moved. Null = whatever it is.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ApplyRequest(IReadOnlyList<ManifestFile> Files, bool Prune = false, bool DryRun = false, IReadOnlyDictionary<string, long>? Base = null, int? ConfirmWithin = null,
    string? Connections = null, int? DrainFor = null, IReadOnlyList<string>? Unprotect = null)
{
    public const string Cut = "cut", Drain = "drain", Keep = "keep";

    /// <summary>A week.</summary>
    public const int MostDrainFor = 604_800;

    /// <summary>A day: by then somebody has looked.</summary>
    public const int MostConfirmWithin = 86_400;
}

/// <summary>One finding about a document.</summary>
/// <param name="Severity">error or warning.</param>
/// <param name="Code">Stable, kebab-case.</param>
public sealed record DiagnosticRecord(string Severity, string Code, string Message, string File, int Line, int Column, string? Hint = null);

/// <summary>Answer to apply, delete, confirm, rollback and isolate.</summary>
/// <param name="Applied">False when <paramref name="Diagnostics"/> holds an error or on dry run: nothing was committed.</param>
/// <param name="ConfirmBy">When it ends by itself, unless it is confirmed.</param>
/// <param name="Sequence">Newest HostPolicy sequence with it; a host has it when <see cref="HostRecord.Has"/> says so of GET /v1/status.</param>
public sealed record ApplyResult(bool Applied, IReadOnlyList<RevisionRecord> Revisions, IReadOnlyList<string> Changed, ulong Sequence, IReadOnlyList<DiagnosticRecord> Diagnostics, DateTimeOffset? ConfirmBy = null);

/// <summary>One committed version of all policy of a tenant, or what became of it: a confirmation stands at the revision it confirms.</summary>
/// <param name="Note">Why, when it was no plain apply or delete.</param>
public sealed record RevisionRecord(string Tenant, long Revision, DateTimeOffset At, string By, IReadOnlyList<string> Changed, string? Note = null);

/// <summary>POST /v1/rollback. Neither = end the change that waits for its confirmation.</summary>
/// <param name="Tenant">Whose documents become those of <paramref name="Revision"/>, as a new revision.</param>
/// <param name="Unprotect">As of <see cref="ApplyRequest"/>.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RollbackRequest(string? Tenant = null, long? Revision = null, IReadOnlyList<string>? Unprotect = null);

/// <summary>POST /v1/isolate.</summary>
/// <param name="Vm">Name, UUID or vnet name.</param>
/// <param name="Seconds">1 to 31,536,000; null = until it is lifted.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record IsolateRequest(string Vm, int? Seconds = null)
{
    /// <summary>A year: what is to last is a policy of its own.</summary>
    public const int MostSeconds = 365 * 86_400;
}

/// <summary>An error of the API, beside its HTTP status: what went wrong and the mend.</summary>
public sealed record ApiError(string Code, string Message, string? Mend = null);

/// <summary>A stored document. <paramref name="Ref"/> is KIND/TENANT/NAME in lower case.</summary>
public sealed record DocumentRecord(string Ref, string Kind, string Tenant, string Name, long Revision, string Text);
