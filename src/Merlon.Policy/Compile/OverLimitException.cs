using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>Ends a compilation: the message states number, limit and who. Never leaves this room.</summary>
internal sealed class OverLimitException(string message, RuleRef? rule = null) : Exception(message)
{
    /// <summary>The rule that takes most of what is exceeded; null when no one rule does.</summary>
    public RuleRef? Rule { get; } = rule;

    public static void Check(long number, long limit, string what, Func<string> who) => Check(number, limit, what, () => (who(), null));

    public static void Check(long number, long limit, string what, Func<(string Who, RuleRef? Rule)> most)
    {
        if (number <= limit) return;
        var (who, rule) = most();
        throw new OverLimitException(FormattableString.Invariant($"{what}: {number} are more than {limit} ({who})"), rule);
    }
}
