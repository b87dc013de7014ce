using CsCheck;
using Google.Protobuf;
using Merlon.Contracts.Wire;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Contracts;

/// <summary>A policy that is read after another one says what it says when read alone; a field that is not looked at would leave a rule of before in force.</summary>
public class KnownRulesTests
{
    private static readonly ResolvedRule s_rule = new(new("shop", "p", "r", 1), Tier.Tenant, RuleAction.Allow, false, [0], false, [1], [new(6, 1, 2, 3, 4)], false, false, [new(1, 5)]);

    private static readonly Dictionary<string, Action<RuleMessage>> s_changes = new()
    {
        ["tenant"] = m => m.Tenant = "rival",
        ["policy"] = m => m.Policy = "q",
        ["rule"] = m => m.Rule = "s",
        ["revision"] = m => m.Revision = 2,
        ["tier"] = m => m.Tier = (int)Tier.Baseline,
        ["action"] = m => m.Action = (int)RuleAction.Deny,
        ["any_remote"] = m => { m.AnyRemote = true; m.Remotes.Clear(); },
        ["remotes"] = m => m.Remotes[0] = 1,
        ["any_local"] = m => { m.AnyLocal = true; m.Locals.Clear(); },
        ["locals"] = m => m.Locals[0] = 0,
        ["services"] = m => m.Services.Add(new ServiceMessage { Protocol = 17, Low = 1, High = 1 }),
        ["log"] = m => m.Log = true,
        ["observed"] = m => m.Observed = true,
        ["active"] = m => m.Active.Add(new IntervalMessage { From = 7, To = 8 }),
    };

    private static readonly Action<RuleMessage>[] s_inside =
    [
        m => m.AnyRemote = m.Remotes.Remove(0), m => m.AnyLocal = m.Locals.Remove(1), m => m.Remotes.Add(1),
        m => m.Services[0].Protocol = 17, m => m.Services[0].Low = 2, m => m.Services[0].High = 3, m => m.Services[0].SourceLow = 4, m => m.Services[0].SourceHigh = 5,
        m => m.Active[0].From = 2, m => m.Active[0].To = 6, m => m.Active.Clear(),
    ];

    private static HostPolicyMessage Message() => HostPolicyMessages.ToMessage(new(1, [], [], [new([], [], [], []), new([], [], [], [])],
        [new(Direction.Out, [s_rule], RuleAction.Deny), new(Direction.In, [s_rule, s_rule with { Rule = new("shop", "p", "other", 1) }], RuleAction.Deny)]));

    [Fact]
    public void What_says_the_same_is_the_same_object()
    {
        var before = HostPolicyMessages.FromMessage(Message());
        Assert.True(HostPolicyMessages.FromMessage(Message(), before).RuleLists == before.RuleLists);
        var message = Message();
        message.RuleLists[0].DefaultAction = (int)RuleAction.Allow;
        var after = HostPolicyMessages.FromMessage(message, before);
        Assert.Equal((RuleAction.Allow, before.RuleLists[1]), (after.RuleLists[0].Default, after.RuleLists[1]));
        Assert.True(after.RuleLists[0].Rules == before.RuleLists[0].Rules);
    }

    [Fact]
    public void Every_field_of_a_rule_counts()
    {
        Assert.Equal(RuleMessage.Descriptor.Fields.InDeclarationOrder().Select(f => f.Name).Order(), s_changes.Keys.Order());
        var before = HostPolicyMessages.FromMessage(Message());
        foreach (var change in s_changes.Values.Concat(s_inside))
        {
            var message = Message();
            change(message.Rules[1]);
            var after = HostPolicyMessages.FromMessage(message, before);
            Assert.Equal(message.ToByteArray(), HostPolicyMessages.ToMessage(after).ToByteArray());
            Assert.NotEqual(before.RuleLists[1], after.RuleLists[1]);
            Assert.Same(before.RuleLists[0].Rules[0], after.RuleLists[0].Rules[0]);
        }
    }

    [Fact]
    public void Whatever_was_before_a_policy_reads_as_it_reads_alone() => Gen.Select(HostPolicyGen.Policy, HostPolicyGen.Policy, Gen.Bool).Sample((one, other, longer) =>
    {
        // Mostly the one's rules, and some of the other's.
        var lists = longer ? one.RuleLists.AddRange(other.RuleLists) : [.. one.RuleLists.Select((l, i) => i % 2 == 0 ? l : l with { Rules = [.. l.Rules.Skip(1)] })];
        var before = HostPolicyMessages.FromMessage(HostPolicyMessages.ToMessage(one));
        var message = HostPolicyMessages.ToMessage(one.Sets.Length >= other.Sets.Length || !longer ? one with { RuleLists = lists } : other);
        Assert.Equal(message.ToByteArray(), HostPolicyMessages.ToMessage(HostPolicyMessages.FromMessage(message, before)).ToByteArray());
    }, iter: 300);

    [Fact]
    public void A_rule_of_before_whose_set_is_gone_is_refused()
    {
        var before = HostPolicyMessages.FromMessage(Message());
        var message = Message();
        message.Sets.RemoveAt(1);
        Assert.Contains("locals", Assert.Throws<ContractException>(() => HostPolicyMessages.FromMessage(message, before)).Message, StringComparison.Ordinal);
    }
}
