using System.Reflection;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>Rules are the same only if every field of theirs is: one that is forgotten would leave a rule of before in force.</summary>
public class SameRulesTests
{
    private static ResolvedRule Rule() => new(new("shop", "p", "r", 1), Tier.Tenant, RuleAction.Allow, false, [0], true, [1], [new(6, 1, 2, 3, 4)], false, false, [new(1, 2)]);

    private static bool Same(ResolvedRule one, ResolvedRule other) => SameRules.Are([new(Direction.Out, [one], RuleAction.Deny)], [new(Direction.Out, [other], RuleAction.Deny)]);

    [Fact]
    public void Another_object_of_the_same_content_is_the_same() => Assert.True(Same(Rule(), Rule()));

    [Fact]
    public void Every_field_counts()
    {
        Dictionary<string, ResolvedRule> others = new()
        {
            ["Rule"] = Rule() with { Rule = new("shop", "p", "r", 2) },
            ["Tier"] = Rule() with { Tier = Tier.Platform },
            ["Action"] = Rule() with { Action = RuleAction.Deny },
            ["AnyRemote"] = Rule() with { AnyRemote = true },
            ["Remotes"] = Rule() with { Remotes = [2] },
            ["AnyLocal"] = Rule() with { AnyLocal = false },
            ["Locals"] = Rule() with { Locals = [2] },
            ["Services"] = Rule() with { Services = [new(6, 1, 2, 3, 5)] },
            ["Log"] = Rule() with { Log = true },
            ["Observed"] = Rule() with { Observed = true },
            ["Active"] = Rule() with { Active = [new(1, 3)] },
        };
        Assert.Equal(typeof(ResolvedRule).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.Name).Order(), others.Keys.Order());
        Assert.All(others, other => Assert.False(Same(Rule(), other.Value), other.Key));
    }

    [Fact]
    public void Direction_default_and_number_of_rules_count()
    {
        RuleList list = new(Direction.Out, [Rule(), Rule()], RuleAction.Deny);
        Assert.True(SameRules.Are([list], [list with { Rules = [Rule(), Rule()] }]));
        Assert.False(SameRules.Are([list], [list with { Rules = [Rule(), Rule()], Default = RuleAction.Allow }]));
        Assert.False(SameRules.Are([list], [list with { Rules = [Rule(), Rule()], Direction = Direction.In }]));
        Assert.False(SameRules.Are([list], [list with { Rules = [Rule()] }]));
        Assert.False(SameRules.Are([list], [list, list]));
    }
}
