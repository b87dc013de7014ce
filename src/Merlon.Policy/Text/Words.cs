using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>The closed word lists of the language, for reader and printer alike.</summary>
internal static class Words
{
    public static readonly (string Word, RuleAction Value)[] Actions =
        [("allow", RuleAction.Allow), ("deny", RuleAction.Deny), ("reject", RuleAction.Reject), ("pass", RuleAction.Pass)];

    public static readonly (string Word, RuleAction Value)[] Defaults =
        [("allow", RuleAction.Allow), ("deny", RuleAction.Deny), ("reject", RuleAction.Reject)];

    public static readonly (string Word, Enforcement Value)[] Enforcements = [("enforce", Enforcement.Enforce), ("observe", Enforcement.Observe)];

    public static readonly (string Word, SpoofCheck Value)[] SpoofChecks =
        [("enforce", SpoofCheck.Enforce), ("observe", SpoofCheck.Observe), ("off", SpoofCheck.Off)];

    public static readonly (string Word, LogLevel Value)[] LogLevels = [("denies", LogLevel.Denies), ("rules", LogLevel.Rules), ("all", LogLevel.All)];

    public static readonly (string Word, LearnBy Value)[] LearnBy = [("dhcp", Model.LearnBy.Dhcp), ("arp", Model.LearnBy.Arp)];

    public static readonly (string Word, Verdict Value)[] Verdicts =
    [
        ("allow", Verdict.Allow), ("deny", Verdict.Deny), ("reject", Verdict.Reject),
        ("would-deny", Verdict.WouldDeny), ("would-allow", Verdict.WouldAllow),
    ];

    public static string Of<T>((string Word, T Value)[] words, T value) where T : struct, Enum => words.First(w => w.Value.Equals(value)).Word;
}
