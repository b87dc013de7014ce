using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;

namespace Merlon.Kernel.Tests.Transparency;

/// <summary>Two guests with real stacks on two bridges with a bad wire between them, so that one hook sees what gets lost behind it and
/// the other sees only what is left. Guarded by a policy that allows everything, or not at all.</summary>
internal sealed class TransparencyPlace : IDisposable
{
    private const string Manifest = """
        apiVersion: merlon/v1
        kind: Inventory
        metadata: {name: all}
        spec:
          vms:
          - {name: web, tenant: shop, nics: [{mac: 52:54:00:00:00:01, network: br0, addresses: [10.9.0.1, "fd00:9::1"]}]}
          - {name: db, tenant: shop, nics: [{mac: 52:54:00:00:00:02, network: br1, addresses: [10.9.0.2, "fd00:9::2"]}]}
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: all, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: all, from: [any], to: [any], services: [any], action: allow}
        """;

    private readonly GuestHost _host = new('t');

    public TransparencyPlace(bool guarded, int seed, string program = "")
    {
        foreach (var bridge in new[] { "br0", "br1" }) _host.AddBridge(bridge, "mcast_snooping", "0");
        _host.Namespace.BridgePastFilters();
        (Web, Db) = (_host.AddGuest(1, "web"), _host.AddGuest(2, "db", "br1"));
        foreach (var guest in new[] { Web, Db }) guest.Run("sysctl", "-qw", "net.ipv4.tcp_fastopen=3").Ok();
        Relay = new(_host.Namespace, "br0", "br1", seed);
        if (!guarded) return;
        World = new(Manifest, new(program, "", 8192, 8192, 4096));
        _host.Guard(World, Web, Db);
    }

    public Guest Web { get; }
    public Guest Db { get; }
    public Relay Relay { get; }
    public World? World { get; }

    /// <summary>Everything dropped so far, but flooded copies.</summary>
    public string Drops() => World is null ? "" : string.Join(", ", World.Losses().Select(d => $"{d.Key} {d.Value}"));

    public void Dispose()
    {
        Relay.Dispose();
        _host.Dispose();
    }
}
