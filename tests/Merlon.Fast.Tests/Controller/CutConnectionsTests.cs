using Merlon.Contracts.Api;
using Merlon.Controller.Rules;
using Merlon.Fast.Tests.Policy;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

public class CutConnectionsTests
{
    private static readonly string Vms = Scene.VmsOf(Scene.Vm("web-1", "tier: web", "10.8.0.5"), Scene.Vm("db-1", "tier: db", "10.8.0.7"));

    [Fact]
    public void Those_that_pass_now_and_would_be_refused_are_told()
    {
        var before = new Scene(Vms + Scene.Rules("app", "name: all, from: [any], to: [any], services: [tcp/22, tcp/80, icmp], action: allow"));
        var after = new Scene(Vms + Scene.Rules("app", "name: all, from: [any], to: [any], services: [tcp/80], action: allow"));
        var cut = new CutConnections(new(before.Set, before.Inventory), new(after.Set, after.Inventory), 0);
        ConnectionRecord[] live = [Connection("tcp/22", "10.8.0.5"), Connection("tcp/80", "10.8.0.5"), Connection("icmp", "10.8.0.5"), Connection("tcp/22", "192.0.2.1"), Connection("udp/53", "192.0.2.1")];
        Assert.Equal(["tcp/22 10.8.0.5", "icmp 10.8.0.5", "tcp/22 192.0.2.1"], cut.Of(live).Select(c => $"{c.Service} {c.Source.Address}"));

        ConnectionRecord Connection(string service, string from) => new(
            End(from, from == "10.8.0.5" ? "web-1" : null), End("10.8.0.7", "db-1"), service, "established", null, null, 1, 1, 60, 60, 1000, 1000, "both", "br0");

        FlowEndRecord End(string address, string? vm) => new(vm, vm is null ? null : before.Inventory.Named(vm, null).First().Uuid, vm is null ? null : 0, "shop", address, 40000);
    }
}
