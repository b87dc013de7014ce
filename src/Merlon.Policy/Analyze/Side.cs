using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>What one end says to one class of traffic: <see cref="SideVerdict"/> in numbers.</summary>
/// <param name="Rule">As <see cref="SideVerdict.Rule"/>: number of the rule in its revision, or one of the values here.</param>
internal readonly record struct Side(Verdict Active, Verdict Candidate, int Rule, bool Untracked = false)
{
    /// <summary>Nobody judges, or only observing lets it pass.</summary>
    public const int None = -1;

    public const int Default = -2;

    /// <summary>The first of <see cref="BuiltinNames"/>; the others follow below.</summary>
    public const int Builtin = -3;

    public static readonly string[] BuiltinNames = ["nd", "group", "dhcp"];

    public static Side NotJudged { get; } = new(Verdict.Allow, Verdict.Allow, None);

    /// <summary>As <see cref="SideVerdict.Reversed"/>.</summary>
    public static Side Reversed(bool observed) => new(observed ? Verdict.Allow : Verdict.Deny, Verdict.Deny, None, Untracked: true);

    public bool IsBuiltin => Rule <= Builtin;

    public static Side By(string builtin) => new(Verdict.Allow, Verdict.Allow, Builtin - Array.IndexOf(BuiltinNames, builtin));

    public bool Passes => Active == Verdict.Allow;

    /// <summary>As <see cref="SideVerdict.Verdict"/>.</summary>
    public Verdict Verdict => (Active == Verdict.Allow, Candidate == Verdict.Allow) switch
    {
        (true, false) => Verdict.WouldDeny,
        (false, true) => Verdict.WouldAllow,
        _ => Active,
    };

    /// <summary>What passes makes no connection at one of its ends at least.</summary>
    public static bool IsUntracked(in Side output, in Side input) => output.Passes && input.Passes && (output.Untracked || input.Untracked);

    /// <summary>As <see cref="FlowVerdict.Of"/>.</summary>
    public static Verdict Flow(in Side output, in Side input)
    {
        if (!output.Passes) return output.Verdict;
        return input.Verdict != Verdict.Allow ? input.Verdict : output.Verdict;
    }
}
