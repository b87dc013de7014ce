using Merlon.Cli.Commands;
using Merlon.Contracts.Api;
using Xunit;

namespace Merlon.Fast.Tests.Cli;

/// <summary>Where kernel and policy disagree.</summary>
public sealed class TraceVerbTests
{
    private static readonly ExplainPacket s_packet = new(new(null, null, "10.8.0.5"), new(null, null, "10.8.0.7"), 6, 50000, 22);

    [Theory]
    [InlineData("allow", "shop/app/in@1", true, "allow", "rule", "shop/app/in@1", "")]
    [InlineData("would-deny", "shop/app/in@1", true, "would-deny", "observed", "shop/app/in@1", "")]
    [InlineData("reject", "shop/app/in@1", false, "reject", "rule", "shop/app/in@1", "")]
    [InlineData("allow", "shop/app/in@1", true, "allow", "connection", null, "")]
    [InlineData("allow", "shop/app/in@2", true, "allow", "untracked", "shop/app/in@1", "to_vm of db-1: the kernel names shop/app/in@1, the policy shop/app/in@2")]
    [InlineData("allow", "shop/app/in@1", false, "deny", "gate-closed", null, "to_vm of db-1: the kernel says deny (gate-closed), the policy allow")]
    [InlineData("deny", "shop/app/in@2", true, "allow", "rule", "shop/app/in@1", "to_vm of db-1: the kernel says allow (rule), the policy deny")]
    [InlineData("deny", "shop/app/in@2", false, "deny", "rule", "shop/app/in@1", "to_vm of db-1: the kernel names shop/app/in@1, the policy shop/app/in@2")]
    public void A_side_that_passes_by_another_rule_or_not_at_all_is_a_difference(
        string policy, string policyRule, bool passes, string kernel, string reason, string? rule, string expected)
    {
        var said = new ExplainResult("web-1", "db-1", "tcp/22", policy, "rule", [new("into VM", "db-1", policy, policyRule, "rule", null, null, null)], [], s_packet);
        Assert.Equal(expected, string.Join('\n', TraceCommand.Differences(said, [new("to_vm", "db-1", 0, passes, kernel, reason, rule)])));
    }

    [Fact]
    public void What_no_policy_judges_passes()
    {
        var said = new ExplainResult("web-1", "db-1", "tcp/22", "allow", "not-guarded", [], [], s_packet);
        Assert.Empty(TraceCommand.Differences(said, [new("from_vm", "web-1", 0, true, "allow", "direction-not-guarded", null)]));
        Assert.Single(TraceCommand.Differences(said, [new("from_vm", "web-1", 0, false, "deny", "spoofed-address", null)]));
    }
}
