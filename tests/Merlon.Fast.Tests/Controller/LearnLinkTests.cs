using System.Net;
using Google.Protobuf;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>From an agent's claim to the policy that it gets, and what people are told meanwhile.</summary>
public class LearnLinkTests
{
    private const string Learns = """
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: all}
        spec: {action: guard, select: [any], trustMetadata: true, learn: {by: [dhcp, arp], within: [10.8.0.0/24], except: []}}

        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_claim_comes_back_as_policy_before_it_is_answered_and_outlives_a_restart()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Learns);
        await using (var agent = await controller.Dial(Sample.HostA, "host-a"))
        {
            await agent.Has(Sample.Vm(1, "shop", "10.8.0.5"), Sample.Vm(2, "shop"));
            var first = await agent.NextPolicy();
            Assert.All(first.Nics, n => Assert.Equal((int)(LearnBy.Dhcp | LearnBy.Arp), n.Guard.Learn));
            Assert.Equal(7ul, await agent.Claims(7, Claim(2, "10.8.0.77", lease: 3600)));
            Assert.Equal(["10.8.0.5", "10.8.0.77"], Addresses(await agent.NextPolicy()));
            Assert.Equal(8ul, await agent.Claims(8, Claim(1, "10.8.0.77"), Claim(2, "10.8.0.77", lease: 7200)));
            Assert.False(agent.PolicyWaits);
        }
        Assert.Contains((await controller.Status()).Alarms, a => a.Code == "address-claim" && a.Message == "vm-1 claims 10.8.0.77 by arp, which belongs to vm-2: refused");
        await controller.Restart();
        var told = await controller.Get("/v1/addresses", ApiJson.Default.IReadOnlyListAddressRecord);
        Assert.Equal([("10.8.0.5", "vm-1", "declared"), ("10.8.0.77", "vm-2", "dhcp")], told.Select(a => (a.Address, a.Vm, a.How)));
        Assert.Equal((null, null), (told[0].Since, told[0].Until));
        Assert.InRange((told[1].Until!.Value - told[1].Since!.Value).TotalSeconds, 7195, 7230);
        await using var again = await controller.Dial(Sample.HostA, "host-a");
        await again.Has(Sample.Vm(1, "shop", "10.8.0.5"), Sample.Vm(2, "shop"));
        Assert.Equal(["10.8.0.5", "10.8.0.77"], Addresses(await again.NextPolicy()));
    }

    [Fact]
    public async Task A_learned_address_is_released_by_name_and_a_declared_one_is_not()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Learns);
        await using var agent = await controller.Dial(Sample.HostA, "host-a");
        await agent.Has(Sample.Vm(1, "shop", "10.8.0.5"));
        await agent.NextPolicy();
        await agent.Claims(1, Claim(1, "10.8.0.77"));
        await agent.NextPolicy();
        Assert.Equal(HttpStatusCode.BadRequest, await Delete(controller, "all"));
        Assert.Equal(HttpStatusCode.NotFound, await Delete(controller, "10.8.0.78"));
        Assert.Equal(HttpStatusCode.Conflict, await Delete(controller, "10.8.0.5"));
        Assert.Equal(HttpStatusCode.OK, await Delete(controller, "10.8.0.77"));
        Assert.Equal(["10.8.0.5"], Addresses(await agent.NextPolicy()));
        Assert.Equal(HttpStatusCode.NotFound, await Delete(controller, "10.8.0.77"));
    }

    private static LearnedAddress Claim(int vm, string address, uint lease = 0) => new()
    {
        VmUuid = Sample.Vm(vm, "").Uuid,
        Address = ByteString.CopyFrom(IPAddress.Parse(address).GetAddressBytes()),
        By = (int)(lease > 0 ? LearnBy.Dhcp : LearnBy.Arp),
        LeaseSeconds = lease,
    };

    private static string[] Addresses(HostPolicyMessage policy) => [.. policy.Endpoints.SelectMany(e => e.Addresses).Select(a => Address.FromBytes(a.Span)).Order().Select(a => a.ToString())];

    private static async Task<HttpStatusCode> Delete(RunningController controller, string address)
    {
        using var answer = await controller.Client.DeleteAsync(new Uri($"/v1/addresses/{address}", UriKind.Relative), Cancel);
        return answer.StatusCode;
    }
}
