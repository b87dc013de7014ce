namespace Merlon.Policy.Model;

/// <summary>What one side (a guarded vNIC in one direction) says to a packet: enforced now, and were nothing in observe.
/// Each of the two is Allow, Deny or Reject.</summary>
/// <param name="ActiveRule">Null = no rule allows it, the vNIC's Guard only observes.</param>
public readonly record struct SideVerdict(Verdict Active, RuleRef? ActiveRule, Verdict Candidate, RuleRef CandidateRule)
{
    /// <summary>A built-in rule allows, whatever the policy says.</summary>
    public static SideVerdict Builtin(string name) => new(Verdict.Allow, RuleRef.Builtin(name), Verdict.Allow, RuleRef.Builtin(name));

    public bool Passes => Active == Verdict.Allow;

    /// <summary>Active and candidate in one word: would-deny and would-allow where they part.</summary>
    public Verdict Verdict => (Active == Verdict.Allow, Candidate == Verdict.Allow) switch
    {
        (true, false) => Verdict.WouldDeny,
        (false, true) => Verdict.WouldAllow,
        _ => Active,
    };

    private bool Parted => Verdict is Verdict.WouldDeny or Verdict.WouldAllow;

    /// <summary>The rule that <see cref="Verdict"/> is about: the candidate's where the two part.</summary>
    public RuleRef? Rule => Parted ? CandidateRule : ActiveRule;

    /// <summary>observed where the two part or only observing lets it pass; else builtin, default or rule.</summary>
    public string Reason => Parted || ActiveRule is not { } rule ? Reasons.Observed
        : rule == RuleRef.Default ? Reasons.Default
        : rule is { Tenant.Length: 0, Policy: "builtin" } ? Reasons.Builtin : Reasons.Rule;
}
