using System.Globalization;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Link = Merlon.Datapath.Links.LinkTable;

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

    private static int s_count;

    public TransparencyPlace(bool guarded, int seed, string program = "")
    {
        var run = string.Create(CultureInfo.InvariantCulture, $"t{Environment.ProcessId % 10000}{(char)('a' + Interlocked.Increment(ref s_count) % 26)}");
        Host = new($"mt{run}-host");
        foreach (var bridge in new[] { "br0", "br1" })
        {
            Host.Ip("link", "add", bridge, "type", "bridge", "mcast_snooping", "0");
            Host.Ip("link", "set", bridge, "up");
        }
        Host.BridgePastFilters();
        (Web, Db) = (new(Host, run, 1, "web"), new(Host, run, 2, "db", "br1"));
        foreach (var guest in new[] { Web, Db }) Shell.Run("nsenter", $"--net={guest.Namespace.Path}", "sysctl", "-qw", "net.ipv4.tcp_fastopen=3").Ok();
        Relay = new(Host, "br0", "br1", seed);
        if (!guarded) return;
        World = new(Manifest, new(program, "", 8192, 8192, 4096));
        Host.Enter(() =>
        {
            foreach (var guest in new[] { Web, Db }) World.AttachPort(guest.Name, Link.Find(guest.Ifname)!.Ifindex);
            return true;
        });
    }

    public NetNamespace Host { get; }
    public Guest Web { get; }
    public Guest Db { get; }
    public Relay Relay { get; }
    public World? World { get; }

    /// <summary>Everything dropped so far, but flooded copies for another MAC.</summary>
    public string Drops() => World is null ? "" : string.Join(", ", World.Kernel.Counters.Drops().Where(d => d.Key != Reason.OtherMac).Select(d => $"{d.Key} {d.Value}"));

    /// <summary>One of the TcpExt counters of web's stack.</summary>
    public long TcpExt(string name)
    {
        var lines = Shell.Run("nsenter", $"--net={Web.Namespace.Path}", "cat", "/proc/net/netstat").Ok().Split('\n')
            .Where(l => l.StartsWith("TcpExt:", StringComparison.Ordinal)).Select(l => l.Split(' ')).ToArray();
        return long.Parse(lines[1][Array.IndexOf(lines[0], name)], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        Relay.Dispose();
        // clsact filters are taken off by the number of their interface: not in another namespace.
        Host.Enter(() =>
        {
            World?.Dispose();
            return true;
        });
        Web.Dispose();
        Db.Dispose();
        Host.Dispose();
    }
}
