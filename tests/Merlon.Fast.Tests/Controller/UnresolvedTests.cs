using Merlon.Contracts.Api;
using Merlon.Policy.Compile;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>A policy that was good for the VMs of its apply, and is not for one that comes.</summary>
public class UnresolvedTests
{
    [Fact]
    public async Task A_VM_whose_host_s_policy_cannot_be_made_is_an_alarm_and_the_host_keeps_what_it_has()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80));
        await using var agent = await controller.Dial(Sample.HostA, "host-a");
        await agent.Has(Sample.Vm(1, "shop", "10.8.0.5"));
        var held = await agent.NextPolicy();
        await agent.Applied(held);
        // Nobody of rival is there, so its rules bind nobody yet.
        var lengths = string.Join(", ", Enumerable.Range(32, ImageLimits.V6Lengths + 1).Select(l => $"\"cidr/2001:db8::/{l}\""));
        await controller.Apply(Sample.Open("rival", 80).Replace("from: [any]", $"from: [{lengths}]", StringComparison.Ordinal));
        Assert.DoesNotContain((await controller.Status()).Alarms, IsIt);
        await agent.Has(Sample.Vm(1, "shop", "10.8.0.5"), Sample.Vm(2, "rival", "10.8.0.6"));
        await controller.Until(s => s.Alarms.Any(IsIt));
        var alarm = Assert.Single((await controller.Status()).Alarms, IsIt);
        Assert.Equal("the policy cannot be resolved for the present VMs, hosts keep what they have: IPv6 prefix lengths: 33 are more than 32 (all cidrs and own addresses of this host's policy together)", alarm.Message);
        Assert.Equal((held.Sequence, held.Sequence), ((await controller.Host(Sample.HostA)).SequenceApplied, (await controller.Host(Sample.HostA)).SequenceWanted));
        Assert.False(agent.PolicyWaits);
        await controller.Apply(Sample.Open("rival", 80));
        Assert.DoesNotContain((await controller.Status()).Alarms, IsIt);
        Assert.Equal(2, (await agent.NextPolicy()).Nics.Count);
    }

    private static bool IsIt(Alarm alarm) => alarm.Code == "policy-unresolved";
}
