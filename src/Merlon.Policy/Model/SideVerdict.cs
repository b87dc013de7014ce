namespace Merlon.Policy.Model;

/// <summary>What one side (a guarded vNIC in one direction) says to a packet: enforced now, and were nothing in observe.
/// Each of the two is Allow, Deny or Reject.</summary>
/// <param name="ActiveRule">Null = no rule allows it, the vNIC's Guard only observes.</param>
public readonly record struct SideVerdict(Verdict Active, RuleRef? ActiveRule, Verdict Candidate, RuleRef CandidateRule)
{
    /// <summary>A built-in rule allows, whatever the policy says.</summary>
    public static SideVerdict Builtin(string name) => new(Verdict.Allow, RuleRef.Builtin(name), Verdict.Allow, RuleRef.Builtin(name));

    /// <summary>To an opening packet of the end that only answers, in a service that passes without a connection: no rule is asked.</summary>
    public static SideVerdict Reversed(bool observed) =>
        new(observed ? Verdict.Allow : Verdict.Deny, null, Verdict.Deny, RuleRef.Default) { Untracked = true, IsReversed = true };

    /// <summary>No connection is made of it here, whatever is said of it.</summary>
    public bool Untracked { get; init; }

    private bool IsReversed { get; init; }

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
    public RuleRef? Rule => IsReversed ? null : Parted ? CandidateRule : ActiveRule;

    /// <summary>observed where the two part or only observing lets it pass; else untracked where it passes so, builtin, default or rule.</summary>
    public string Reason => IsReversed ? Reasons.UntrackedSyn
        : Parted || ActiveRule is not { } rule ? Reasons.Observed
        : Untracked && Passes ? Reasons.Untracked
        : rule == RuleRef.Default ? Reasons.Default
        : rule is { Tenant.Length: 0, Policy: "builtin" } ? Reasons.Builtin : Reasons.Rule;
}
