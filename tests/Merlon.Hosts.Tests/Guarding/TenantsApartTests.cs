using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>What one tenant applies re-judges no live connection of another.</summary>
[Collection(Alone.Name)]
public sealed class TenantsApartTests : IDisposable
{
    private const int Each = 2000, Port = 7500;
    private readonly TestHost _host = new();
    private readonly KernelControl _kernel;
    private readonly ManyConnections _shop, _rival;

    public TenantsApartTests()
    {
        var guests = new[] { "a", "b", "c", "d" }.Select(name => _host.AddGuest(name)).ToArray();
        _host.Start();
        _host.Product.Apply(Manifests.Frame + "---\n" + Open("shop", 0) + "---\n" + Open("rival", 0));
        for (var i = 0; i < 4; i++) _host.Product.Attach(guests[i], i < 2 ? "shop" : "rival");
        _kernel = new(_host.Product.Paths.Bpf);
        _shop = new(guests[0], guests[1], Port, Each);
        _rival = new(guests[2], guests[3], Port, Each);
    }

    [Fact]
    public void An_apply_of_one_tenant_rejudges_0_connections_of_another()
    {
        Assert.Equal((0, 0), (_shop.Round(), _rival.Round()));
        Apply("shop", changed: _shop, untouched: _rival);
        Apply("rival", changed: _rival, untouched: _shop);
    }

    public void Dispose()
    {
        _shop.Dispose();
        _rival.Dispose();
        _kernel.Dispose();
        _host.Dispose();
    }

    // The control is in the same breath: the tenant that applied has each of its connections judged again, once per side.
    private void Apply(string tenant, ManyConnections changed, ManyConnections untouched)
    {
        var (generation, rejudged) = (_kernel.Generation, _kernel.Rejudged);
        var (lost, rounds, stop) = (0, 0, false);
        var traffic = new Thread(() =>
        {
            for (; !Volatile.Read(ref stop); rounds++) lost += untouched.Round();
        });
        traffic.Start();
        for (var revision = 1; revision <= 5; revision++) _host.Product.Apply(Open(tenant, revision));
        Volatile.Write(ref stop, true);
        traffic.Join();
        lost += untouched.Round();
        var others = _kernel.Rejudged - rejudged;
        lost += changed.Round();
        var own = _kernel.Rejudged - rejudged - others;
        Console.WriteLine($"5 applies of {tenant}: {others} of the other's {Each} connections re-judged in {rounds + 1} rounds of traffic, {own} times its own {Each}, {lost} datagrams lost");
        Assert.Equal(generation + 5, _kernel.Generation);
        Assert.Equal((0UL, 2UL * Each, 0), (others, own, lost));
    }

    // Each revision has classes of its own, of addresses and of services: all numbers of the image move.
    private static string Open(string tenant, int revision) => Manifests.OpenWithin(tenant, [$"udp/{Port}", $"tcp/{8000 + revision}"]) + $$"""
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: more, tenant: {{tenant}}}
        spec:
          tier: tenant
          rules:
          - {name: more, from: [cidr/10.{{10 + revision}}.0.0/16], to: [group/all], services: [udp/{{9000 + revision}}], action: allow}

        """;
}
