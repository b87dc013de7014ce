using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>Compares what the kernel program did and told with the verdict that it should have reached.</summary>
internal static class KernelSays
{
    /// <summary>Null = the same; else what the kernel did instead.</summary>
    public static string? Otherwise(FlowVerdict wanted, KernelEngine.Answer answer)
    {
        var passes = wanted.Verdict is Verdict.Allow or Verdict.WouldDeny;
        if (passes != answer.Passed) return $"kernel {(answer.Passed ? "passed" : "dropped at " + answer.Hook)}";
        if (passes && answer.Untracked != (wanted.Reason == Reasons.Untracked) && wanted.Verdict == Verdict.Allow) return $"kernel {(answer.Untracked ? "" : "not ")}untracked";
        if (answer.Told.Length == 0) return null;
        return passes ? Opening(wanted, answer) : Denial(wanted, answer);
    }

    private static string? Denial(FlowVerdict wanted, KernelEngine.Answer answer)
    {
        var told = answer.Told[^1];
        if (told.Verdict != wanted.Verdict || told.Reason.Text() != wanted.Reason) return $"kernel {told.Verdict} {told.Reason}";
        return answer.Hook == "to_vm" ? Same(wanted.InRule, answer.Rule(told.InRule)) : Same(wanted.OutRule, answer.Rule(told.OutRule));
    }

    private static string? Opening(FlowVerdict wanted, KernelEngine.Answer answer)
    {
        var parted = answer.Told.Where(e => e.Verdict == Verdict.WouldDeny).ToArray();
        if (answer.WouldDeny != (wanted.Verdict == Verdict.WouldDeny)) return $"kernel verdict {(answer.WouldDeny ? "would-deny" : "allow")}";
        if (answer.WouldDeny && parted.Length == 0) return null; // told by an event of another kind
        if (parted.Length > 0)
            return parted.Any(e => answer.Rule(e.CandidateRule) is { } c && (c == wanted.OutRule || c == wanted.InRule)) ? null : "another candidate rule";
        var (output, input) = (answer.Told.FirstOrDefault(e => e.OutRule != 0), answer.Told.FirstOrDefault(e => e.InRule != 0));
        return (output.OutRule != 0 ? Same(wanted.OutRule, answer.Rule(output.OutRule)) : null)
            ?? (input.InRule != 0 ? Same(wanted.InRule, answer.Rule(input.InRule)) : null);
    }

    private static string? Same(RuleRef? wanted, RuleRef? told) => wanted == told ? null : $"kernel rule {told}";
}
