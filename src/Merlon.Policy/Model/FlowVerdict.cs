namespace Merlon.Policy.Model;

/// <summary>The outcome for a whole packet, both sides taken together. A side that was not asked (not guarded, or the packet was
/// refused before) has no rule.</summary>
public readonly record struct FlowVerdict(Verdict Verdict, string Reason, RuleRef? OutRule, RuleRef? InRule);
