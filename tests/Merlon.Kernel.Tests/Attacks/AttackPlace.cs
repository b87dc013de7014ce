using System.Text.RegularExpressions;
using AwesomeAssertions;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Fixtures;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Attacks;

/// <summary>Two victims with real stacks on a bridge; beside them eve, a guarded guest, and out, a neighbour that nobody guards. Both
/// attackers choose every byte that they send, and their own stacks are silent.</summary>
public sealed partial class AttackPlace : IDisposable
{
    /// <summary>Service port of db that web may open, and the ones of db that eve may and may not send datagrams to.</summary>
    public const int Service = 7100, Open = 7200, Shut = 7300;

    private const string Manifest = """
        apiVersion: merlon/v1
        kind: Inventory
        metadata: {name: all}
        spec:
          vms:
          - {name: web, tenant: shop, nics: [{mac: 52:54:00:00:00:01, network: br0, addresses: [10.9.0.1, "fd00:9::1"]}]}
          - {name: db, tenant: shop, nics: [{mac: 52:54:00:00:00:02, network: br0, addresses: [10.9.0.2, "fd00:9::2"]}]}
          - {name: eve, tenant: shop, nics: [{mac: 52:54:00:00:00:03, network: br0, addresses: [10.9.0.3, "fd00:9::3"]}]}
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: app, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: web-db, from: [vm/web], to: [vm/db], services: [tcp/7100], action: allow}
          - {name: eve-db, from: [vm/eve], to: [vm/db, vm/web], services: [udp/7200, tcp/7200], action: allow}
          - {name: out-db, from: [cidr/10.9.0.4/32, "cidr/fd00:9::4/128"], to: [vm/db], services: [udp/7200], action: allow}
        """;

    private readonly GuestHost _host = new('a');
    private readonly Dictionary<Guest, PacketSocket> _senders = [];
    private readonly Dictionary<Guest, PacketSocket> _ears = [];

    public AttackPlace() : this("") { }

    /// <param name="program">An object with seeded faults; "" is the program of this checkout.</param>
    /// <param name="tables">Entries of each connection table.</param>
    internal AttackPlace(string program, int tables = 4096)
    {
        _host.AddBridge("br0", "mcast_snooping", "0");
        _host.Namespace.BridgePastFilters();
        (Web, Db, Eve, Out) = (_host.AddGuest(1, "web"), _host.AddGuest(2, "db"), _host.AddGuest(3, "eve"), _host.AddGuest(4, "out"));
        foreach (var attacker in new[] { Eve, Out })
        {
            attacker.Run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1").Ok();
            attacker.Namespace.Ip("addr", "flush", "dev", "eth0");
            _senders[attacker] = new(attacker, listening: false);
        }
        foreach (var victim in new[] { Web, Db }) _ears[victim] = new(victim, listening: true);
        World = new(Manifest, new(program, "", tables, tables, tables));
        _host.Guard(World, Web, Db, Eve);
    }

    public Guest Web { get; }
    public Guest Db { get; }
    public Guest Eve { get; }
    public Guest Out { get; }
    public World World { get; }

    /// <summary>A guest's address of either version.</summary>
    public static Address AddressOf(Guest guest, bool v6) => Address.Parse((v6 ? guest.Ip6 : guest.Ip4).ToString());

    public static MacAddress MacOf(Guest guest) => MacAddress.TryParse(guest.Mac, out var mac) ? mac : throw new ArgumentException(guest.Mac);

    /// <summary>A packet that says it is from one guest to another, in frames of whoever sends it.</summary>
    public static Packet Forged(Guest by, Guest source, Guest destination, bool v6) =>
        new(AddressOf(source, v6), AddressOf(destination, v6)) { SourceMac = MacOf(by), DestinationMac = MacOf(destination) };

    /// <summary>Plays one attack against connections of its own. Null = it had no success and was counted as it should; else what went wrong.</summary>
    public string? Play(AttackRow row)
    {
        using var v4 = new LiveConnection(this, v6: false);
        using var v6 = new LiveConnection(this, v6: true);
        var connections = new[] { v4, v6 };
        foreach (var connection in connections) connection.Echoes().Should().BeTrue("a connection must live before it is attacked");
        var attack = new Attack(this, v4, v6);
        var shots = row.Shots(attack);
        var (routes, spared) = (Routes(), connections.Select(c => c.Entry()!.Value).ToArray());
        Heard();
        var before = World.Losses();
        var (sent, arrived, mayArrive) = (0, 0, row.MayArrive(attack));
        foreach (var (by, frame) in shots)
        {
            _senders[by].Send(Checksums.Fill(frame));
            // The way between two namespaces holds a thousand frames.
            if (++sent % 400 == 0 && (arrived += Settle(before, sent - arrived)) > mayArrive) break;
        }
        arrived += Settle(before, sent - arrived);
        var drops = NewDrops(before);
        if (arrived != mayArrive) return $"{arrived} of {sent} frames arrived, not {mayArrive}";
        if (sent - arrived != drops.GetValueOrDefault(row.Reason) || drops.Keys.Any(r => r != row.Reason))
            return $"of {sent - arrived} drops as {row.Reason} were counted: {string.Join(", ", drops.Select(d => $"{d.Key} {d.Value}"))}";
        var after = Routes();
        if (after != routes) return $"a victim's neighbours or routes changed:\n{routes}{after}";
        foreach (var (connection, entry) in connections.Zip(spared))
        {
            if (connection.Entry() is not { } now || now.State != entry.State || now.CreatedNs != entry.CreatedNs || now.Flags != entry.Flags)
                return "the entry of a live connection is another: " + (connection.Entry() is { } c ? $"{c.State} {c.Flags}" : "none");
            if (!connection.Echoes()) return "a connection died";
        }
        return null;
    }

    /// <summary>The victims forget what a successful attack made them believe about each other.</summary>
    public void Forget()
    {
        foreach (var victim in new[] { Web, Db })
        {
            foreach (var family in new[] { "-4", "-6" }) Batch(victim, family, "neigh flush dev eth0", "route flush cache");
        }
    }

    public void Dispose()
    {
        foreach (var socket in _senders.Values.Concat(_ears.Values)) socket.Dispose();
        _host.Dispose();
    }

    // Until every frame is accounted for, or for a moment: how many more arrived at a victim.
    private int Settle(IReadOnlyDictionary<Reason, ulong> before, int open)
    {
        var arrived = 0;
        for (var wait = 0; wait < 100; wait++)
        {
            arrived += Heard();
            if (NewDrops(before).Values.Sum() + arrived >= open) break;
            Thread.Sleep(5);
        }
        return arrived;
    }

    private Dictionary<Reason, int> NewDrops(IReadOnlyDictionary<Reason, ulong> before) =>
        World.Losses().Where(d => d.Value > before.GetValueOrDefault(d.Key))
            .ToDictionary(d => d.Key, d => (int)(d.Value - before.GetValueOrDefault(d.Key)));

    // Frames that came into a victim: from an attacker's MAC, or with an attack's mark at their end.
    private int Heard()
    {
        var count = 0;
        foreach (var (victim, ear) in _ears)
        {
            var own = Packet.Mac(MacOf(victim));
            while (ear.Next() is { } frame)
                if (!frame.AsSpan(6, 6).SequenceEqual(own) && (IsAttackers(frame.AsSpan(6, 6)) || frame.AsSpan().EndsWith(Attack.Mark))) count++;
        }
        return count;
    }

    private bool IsAttackers(ReadOnlySpan<byte> mac) => mac.SequenceEqual(Packet.Mac(MacOf(Eve))) || mac.SequenceEqual(Packet.Mac(MacOf(Out)));

    // What a victim believes about its neighbours: MACs, gateways, path MTU.
    private string Routes() => string.Concat(
        from pair in new[] { (Web, Db), (Db, Web) }
        from way in new[] { ("-4", pair.Item2.Ip4), ("-6", pair.Item2.Ip6) }
        select Passing().Replace(Batch(pair.Item1, way.Item1, $"neigh show {way.Item2} dev eth0", $"route get {way.Item2}", "route show default"), ""));

    // One process for several commands.
    private static string Batch(Guest at, string family, params string[] commands)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(file, commands);
            return at.Namespace.Ip(family, "-batch", file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    // What changes by itself: how long a route is believed, and how sure of a neighbour's MAC its kernel is.
    [GeneratedRegex("expires [0-9]+sec|(?<=lladdr [0-9a-f:]{17}).*|.* (FAILED|INCOMPLETE) *\n")]
    private static partial Regex Passing();
}
