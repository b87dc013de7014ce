using Merlon.Policy.Model;

namespace Merlon.Controller.Rules;

/// <summary>The model's words as the API writes them.</summary>
internal static class Words
{
    public static string Of(Tier tier) => Lower(tier);

    public static string Of(RuleAction action) => Lower(action);

    public static string Of(Enforcement enforcement) => Lower(enforcement);

    public static string Of(LearnBy by) => Lower(by);

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
