namespace Merlon.Policy.Model;

/// <summary>What one side (a guarded vNIC in one direction) says to a packet: enforced now, and were nothing in observe.
/// Each verdict is Allow, Deny or Reject.</summary>
public readonly record struct SideVerdict(Verdict Active, RuleRef ActiveRule, Verdict Candidate, RuleRef CandidateRule)
{
    public bool Passes => Active == Verdict.Allow;

    /// <summary>Active and candidate in one word: would-deny and would-allow where they part.</summary>
    public Verdict Verdict => (Active == Verdict.Allow, Candidate == Verdict.Allow) switch
    {
        (true, false) => Verdict.WouldDeny,
        (false, true) => Verdict.WouldAllow,
        _ => Active,
    };

    /// <summary>The rule that <see cref="Verdict"/> is about: the candidate's where the two part.</summary>
    public RuleRef Rule => Verdict is Verdict.WouldDeny or Verdict.WouldAllow ? CandidateRule : ActiveRule;

    /// <summary>observed where the two part, else default or rule.</summary>
    public string Reason => Verdict is Verdict.WouldDeny or Verdict.WouldAllow ? Reasons.Observed
        : ActiveRule == RuleRef.Default ? Reasons.Default
        : ActiveRule.Policy == "builtin" && ActiveRule.Tenant.Length == 0 ? Reasons.Builtin : Reasons.Rule;
}
