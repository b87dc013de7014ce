using System.Globalization;
using Merlon.Datapath;
using Merlon.Datapath.Attach;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Link = Merlon.Datapath.Links.LinkTable;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>Two guests with real network stacks on a bridge in a namespace of their own, guarded by the real program.</summary>
public sealed class Cable : IDisposable
{
    private const string Manifest = """
        apiVersion: merlon/v1
        kind: Inventory
        metadata: {name: all}
        spec:
          vms:
          - {name: web, tenant: shop, nics: [{mac: 52:54:00:00:00:01, network: br0, addresses: [10.9.0.1, "fd00:9::1"]}]}
          - {name: db, tenant: shop, nics: [{mac: 52:54:00:00:00:02, network: br0, addresses: [10.9.0.2, "fd00:9::2"]}]}
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: app, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: web-db, from: [vm/web], to: [vm/db], services: [tcp/7100, sctp/7100, udp/7789, udp/7790, service/ping], action: allow}
        """;

    private static int s_count;

    /// <summary>Open until the end: a port that is freed and taken again may be in a starting process's hands.</summary>
    private readonly Dictionary<int, UdpCounter> _counters = [];
    private long _next;

    /// <param name="kind">How the programs hang on the interfaces; null = as this kernel's agent would.</param>
    /// <param name="rules">Rules of shop's, a line each, ahead of its own.</param>
    public Cable(AttachKind? kind = null, params string[] rules)
    {
        var run = string.Create(CultureInfo.InvariantCulture, $"k{Environment.ProcessId % 10000}{(char)('a' + Interlocked.Increment(ref s_count) % 26)}");
        Host = new($"mt{run}-host");
        Host.Ip("link", "add", "br0", "type", "bridge");
        Host.Ip("link", "set", "br0", "up");
        Web = new(Host, run, 1, "web");
        Db = new(Host, run, 2, "db");
        World = new(Manifest.Replace("  rules:\n", "  rules:\n" + string.Concat(rules.Select(r => $"  - {r}\n")), StringComparison.Ordinal));
        OnHost(() =>
        {
            World.Kernel.Attacher.Kind = kind ?? World.Kernel.Attacher.Kind;
            foreach (var guest in new[] { Web, Db }) World.AttachPort(guest.Name, Ifindex(guest));
        });
    }

    public NetNamespace Host { get; }

    public Guest Web { get; }

    public Guest Db { get; }

    public World World { get; }

    public Attacher Attacher => World.Kernel.Attacher;

    /// <summary>How long <see cref="Delivered"/> waits for what did not arrive.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Attaching and asking about interfaces happens in their namespace.</summary>
    public void OnHost(Action inside) => Host.Enter(() =>
    {
        inside();
        return true;
    });

    public int Ifindex(Guest guest) => Host.Enter(() => Link.Find(guest.Ifname)!.Ifindex);

    /// <summary>How many of 20 datagrams of web's arrive at a port of db's.</summary>
    public int Delivered(int port)
    {
        if (!_counters.TryGetValue(port, out var counter)) _counters[port] = counter = new UdpCounter(Db, port);
        var before = counter.Seen().Count;
        using var sender = new UdpSender(Web, Db.Ip4, port);
        for (var n = 0; n < 20; n++) sender.Send(_next++);
        SpinWait.SpinUntil(() =>
        {
            Thread.Sleep(25);
            return counter.Seen().Count >= before + 20;
        }, Patience);
        return counter.Seen().Count - before;
    }

    public void Dispose()
    {
        foreach (var counter in _counters.Values) counter.Dispose();
        // clsact filters are taken off by the number of their interface: not in another namespace.
        OnHost(World.Dispose);
        Web.Dispose();
        Db.Dispose();
        Host.Dispose();
    }
}
