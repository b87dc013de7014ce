namespace Merlon.Policy.Compile;

/// <summary>Ends a compilation: the message states number, limit and who. Never leaves this room.</summary>
internal sealed class OverLimitException(string message) : Exception(message)
{
    public static void Check(long number, long limit, string what, Func<string> who)
    {
        if (number > limit) throw new OverLimitException(FormattableString.Invariant($"{what}: {number} are more than {limit} ({who()})"));
    }
}
