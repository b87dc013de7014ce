namespace Merlon.Contracts.Api;

/// <summary>One case of `merlon test` and `merlon-agent judge`.</summary>
/// <param name="At">Instant in Unix seconds; null = 0, a Thursday at 00:00 UTC at which no rule has expired.</param>
public sealed record CaseRow(string From, string To, string Service, string Expect, int? SourcePort = null, long? At = null, string? Rule = null, string? Reason = null);

/// <summary>What an engine said to a case. Rules are tenant/policy/rule@revision, default or builtin/NAME.</summary>
/// <param name="Engine">plain, image or kernel.</param>
public sealed record CaseResult(int Index, string From, string To, string Service, string Engine, string Verdict, string Reason, string? OutRule, string? InRule, bool Ok);
