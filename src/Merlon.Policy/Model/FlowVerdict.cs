namespace Merlon.Policy.Model;

/// <summary>The outcome for a whole packet, both sides taken together. A side that was not asked (not guarded, or the packet was
/// refused before) has no rule.</summary>
public readonly record struct FlowVerdict(Verdict Verdict, string Reason, RuleRef? OutRule, RuleRef? InRule)
{
    /// <summary>Out, then in: the first that refuses ends it. Reason: the refusing side's, else would-deny's, else in's, else out's.</summary>
    /// <param name="output">The source side's verdict; null = not asked.</param>
    /// <param name="input">The destination side's; not looked at when out refuses.</param>
    /// <param name="guarded">One end is guarded, if not in the direction that counts.</param>
    public static FlowVerdict Of(SideVerdict? output, SideVerdict? input, bool guarded)
    {
        if (output is { Passes: false } refused) return new(refused.Verdict, refused.Reason, refused.Rule, null);
        var decisive = input is { Verdict: not Verdict.Allow } ? input : output is { Verdict: not Verdict.Allow } ? output : input ?? output;
        return decisive is { } d ? new(d.Verdict, d.Reason, output?.Rule, input?.Rule)
            : new(Verdict.Allow, guarded ? Reasons.DirectionNotGuarded : Reasons.NotGuarded, null, null);
    }
}
