using Merlon.Datapath.Attach;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;

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

    private readonly GuestHost _host = new('k');

    /// <summary>Open until the end: a port that is freed and taken again may be in a starting process's hands.</summary>
    private readonly Dictionary<int, UdpCounter> _counters = [];
    private long _next;

    /// <param name="kind">How the programs hang on the interfaces; null = as this kernel's agent would.</param>
    /// <param name="rules">Rules of shop's, a line each, ahead of its own.</param>
    public Cable(AttachKind? kind = null, params string[] rules)
    {
        _host.AddBridge("br0");
        (Web, Db) = (_host.AddGuest(1, "web"), _host.AddGuest(2, "db"));
        World = new(Manifest.Replace("  rules:\n", "  rules:\n" + string.Concat(rules.Select(r => $"  - {r}\n")), StringComparison.Ordinal));
        World.Kernel.Attacher.Kind = kind ?? World.Kernel.Attacher.Kind;
        _host.Guard(World, Web, Db);
    }

    public NetNamespace Host => _host.Namespace;

    public Guest Web { get; }

    public Guest Db { get; }

    public World World { get; }

    public Attacher Attacher => World.Kernel.Attacher;

    /// <summary>How long <see cref="Delivered"/> waits for what did not arrive.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc cref="GuestHost.Inside"/>
    public void OnHost(Action inside) => _host.Inside(inside);

    public int Ifindex(Guest guest) => _host.Ifindex(guest.Ifname);

    /// <summary>How many of 20 datagrams of web's arrive at a port of db's.</summary>
    public int Delivered(int port)
    {
        if (!_counters.TryGetValue(port, out var counter)) _counters[port] = counter = new UdpCounter(Db, port);
        var before = counter.Seen().Count;
        using var sender = new UdpSender(Web, Db.Ip4, port);
        for (var n = 0; n < 20; n++) sender.Send(_next++);
        // Where some arrived the others are on their way, for as long as a busy machine takes.
        bool All() => counter.Seen().Count >= before + 20;
        bool Wait(TimeSpan patience) => SpinWait.SpinUntil(() =>
        {
            Thread.Sleep(25);
            return All();
        }, patience);
        if (!Wait(Patience) && counter.Seen().Count > before) Wait(TimeSpan.FromSeconds(5));
        return counter.Seen().Count - before;
    }

    public void Dispose()
    {
        foreach (var counter in _counters.Values) counter.Dispose();
        _host.Dispose();
    }
}
