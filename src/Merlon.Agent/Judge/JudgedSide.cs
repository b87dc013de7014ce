using Merlon.Policy.Model;

namespace Merlon.Agent.Judge;

/// <summary>What the kernel said to a packet at one hook.</summary>
/// <param name="Reason">The kernel's own, in kebab-case.</param>
internal readonly record struct JudgedSide(Verdict Verdict, string Reason, RuleRef? Rule, bool Passes)
{
    /// <summary>As <see cref="FlowVerdict.Of"/>, with the kernel's reasons.</summary>
    public static FlowVerdict Both(JudgedSide? output, JudgedSide? input, bool guarded)
    {
        if (output is { Passes: false } refused) return new(refused.Verdict, refused.Reason, refused.Rule, null);
        var decisive = input is { Verdict: not Verdict.Allow } ? input : output is { Verdict: not Verdict.Allow } ? output : input ?? output;
        return decisive is { } d ? new(d.Verdict, d.Reason, output?.Rule, input?.Rule)
            : new(Verdict.Allow, guarded ? Reasons.DirectionNotGuarded : Reasons.NotGuarded, null, null);
    }
}
