using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>Three groups, each with its log level by a Guard: what outside asks of their VMs is told of as that Guard says, of this VM alone.</summary>
public sealed class LogLevelTests : IDisposable
{
    private const int Logged = 80, Plain = 81, Refused = 82;

    private static readonly string s_manifest = """
        apiVersion: merlon/v1
        kind: Inventory
        spec:
          vms:
          - {name: loud, tenant: shop, labels: {tier: front}, nics: [{mac: 52:54:00:00:00:01, network: br0, addresses: [10.0.0.1]}]}
          - {name: some, tenant: shop, labels: {tier: middle}, nics: [{mac: 52:54:00:00:00:02, network: br0, addresses: [10.0.0.2]}]}
          - {name: quiet, tenant: shop, labels: {tier: back}, nics: [{mac: 52:54:00:00:00:03, network: br0, addresses: [10.0.0.3]}]}
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: app, tenant: shop}
        spec:
          rules:
          - {name: logged, from: [any], to: [any], services: [udp/80], action: allow, log: true}
          - {name: plain, from: [any], to: [any], services: [udp/81], action: allow}

        """ + GroupWith("front", "all") + GroupWith("middle", "rules") + GroupWith("back", "denies");

    private readonly World _world = new(s_manifest);

    public void Dispose() => _world.Dispose();

    [Fact]
    public void The_level_of_a_group_is_that_of_its_VMs_alone()
    {
        foreach (var vm in new[] { "loud", "some", "quiet" })
            foreach (var port in new[] { Logged, Plain, Refused })
                Assert.Equal(port == Refused ? new(false, "to_vm", Reason.Default) : Outcome.Pass, _world.Send(Ask(vm, port)));
        Assert.Equal(
        [
            "loud deny 82", "loud open 80", "loud open 81",
            "quiet deny 82",
            "some deny 82", "some open 80",
        ], _world.Events().Select(Words).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_VM_that_changes_its_group_changes_its_level()
    {
        _world.Send(Ask("quiet", Plain));
        Assert.Empty(_world.Events());
        _world.Apply(s_manifest.Replace("tier: back}, nics", "tier: front}, nics", StringComparison.Ordinal));
        Assert.Equal(Outcome.Pass, _world.Send(Ask("quiet", Plain) with { SourcePort = 40001 }));
        Assert.Equal(["quiet open 81"], _world.Events().Select(Words));
    }

    private static string GroupWith(string tier, string log) => $$$$"""
        ---
        apiVersion: merlon/v1
        kind: Group
        metadata: {name: {{{{tier}}}}, tenant: shop}
        spec: {select: {labels: {tier: {{{{tier}}}}}}}
        ---
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: {{{{tier}}}}}
        spec: {action: guard, select: [group/shop/{{{{tier}}}}], log: {{{{log}}}}}

        """;

    private Packet Ask(string vm, int port) => new(Shop.OutsideV4, _world[vm].V4)
    {
        SourceMac = Shop.Router,
        DestinationMac = _world[vm].Mac,
        Proto = Protocols.Udp,
        DestinationPort = port,
    };

    private string Words(MerlonEvent e) =>
        $"{_world.Ports.Values.Single(p => p.Record.Vnic == e.DestinationVnic).Vm} {(e.Type == EventType.Open ? "open" : e.Type == EventType.Deny ? "deny" : $"{e.Type}")} {e.DestinationPort}";
}
