namespace Merlon.Contracts.Api;

/// <summary>What an engine said to a case. Rules are tenant/policy/rule@revision, default or builtin/NAME.</summary>
/// <param name="Engine">plain, image or kernel.</param>
public sealed record CaseResult(int Index, string From, string To, string Service, string Engine, string Verdict, string Reason, string? OutRule, string? InRule, bool Ok);
