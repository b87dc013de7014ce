using System.Globalization;
using System.Text.Json;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Lab;
using Xunit;

namespace Merlon.Hosts.Tests.Migration;

/// <summary>web-1 moves between two real hosts with its TCP connections, idle and busy, opened by it and by its neighbour, whose numbers must all come back; what is not allowed is
/// denied all the time. The controls: without carryConnections, and with nobody to ask on the host that it leaves, it loses every one.</summary>
[Collection(Alone.Name)]
public sealed class CarriedConnectionsTests
{
    private const int Idle = 6, Busy = 2, Own = 2, PerSecond = 50;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30), s_lost = TimeSpan.FromSeconds(5), s_soon = TimeSpan.FromSeconds(10);

    /// <summary>The control first; and where no Guard says so nothing of a VM is touched, or what was is taken back.</summary>
    [Fact]
    public void Connections_are_lost_without_carryConnections_and_survive_a_move_with_it()
    {
        using var hosts = new TwoHosts();
        hosts.Guard();
        using (var living = new Living(hosts))
        {
            hosts.Ask("lab", "migrate", "web-1", "host-2");
            living.AllLost();
        }
        Untouched(hosts, "host-2");
        Carry(hosts, "host-2");
        hosts.Guard();
        Product.Until("QEMU has it no longer", s_soon, () => !HasObject(hosts, "host-2"));
        Product.Until("nor does its XML say so", s_soon, () => !Xml(hosts, "host-2").Contains("urn:merlon:carried", StringComparison.Ordinal));
        Carry(hosts, "host-2");
        hosts.Flood(PerSecond);
        using (var living = new Living(hosts)) Moved(hosts, living, "host-2", "host-1");
        NothingForbidden(hosts);
        Assert.Empty(Receipts(hosts, "host-2"));
    }

    [Fact, Trait("long", "carried")]
    public void Connections_survive_moves_save_files_and_lost_boards_and_without_an_agent_they_do_not()
    {
        var evidence = new Evidence("carried").With("connections", Idle + Busy + Own).With("forbiddenPerSecondEachWay", PerSecond);
        Assert.SkipUnless(evidence.Long, "the other one does one move; this is ./dev long carried");
        evidence.Batches(brief: 2, full: 20, batch: 4, Run);
    }

    private static IEnumerable<(string Key, long Count)> Run(int first, int moves)
    {
        using var hosts = new TwoHosts();
        Carry(hosts, "host-1");
        hosts.Flood(PerSecond);
        long carried = 0, sent;
        using (var living = new Living(hosts))
        {
            for (var move = 0; move < moves; move += 2)
            {
                Moved(hosts, living, "host-1", "host-2");
                Moved(hosts, living, "host-2", "host-1");
                carried += 2 * living.Count;
                Saved(hosts, living, "host-1");
                BoardLost(hosts, living, "host-1");
            }
            NothingForbidden(hosts);
            sent = hosts.Neighbour.Sent;
            Lost(hosts, living, "host-1", "host-2");
        }
        hosts.Dispose();
        Assert.Empty(hosts.Left());
        return [("carried", carried), ("lost", 0), ("forbiddenSent", sent), ("forbiddenArrived", 0), ("saveFiles", moves / 2), ("boardsKilled", moves / 2), ("lostWithoutAgent", Idle + Busy + Own)];
    }

    private static void Carry(TwoHosts hosts, string host)
    {
        hosts.Guard(carryConnections: true);
        Product.Until("QEMU has the object", s_soon, () => HasObject(hosts, host));
    }

    private static void NothingForbidden(TwoHosts hosts)
    {
        Assert.Equal((0L, 0), (hosts.Arrived(), hosts.Neighbour.Arrived));
        Assert.InRange(hosts.Neighbour.Sent, PerSecond, long.MaxValue);
    }

    private static void Moved(TwoHosts hosts, Living living, string from, string to)
    {
        var moved = hosts.Ask("lab", "migrate", "web-1", to);
        Assert.Equal((from, to), (moved.GetProperty("from").GetString(), moved.GetProperty("to").GetString()));
        living.AllAlive($"on {to}");
        var receipt = Carried(hosts, living, from, to);
        Console.WriteLine($"{from} to {to}: {receipt.GetProperty("installed")} of {receipt.GetProperty("sent")} connections, gap {receipt.GetProperty("gapMs")} ms; stood still for {moved.GetProperty("downtimeMs")} ms");
    }

    private static void Saved(TwoHosts hosts, Living living, string host)
    {
        const string file = "/run/libvirt/web-1.save";
        Virsh(hosts, host, "save", "web-1", file);
        Virsh(hosts, host, "restore", file);
        living.AllAlive("after its save file");
        Carried(hosts, living, host, host);
    }

    /// <summary>QEMUs are connected to a new one before anybody asks them to move.</summary>
    private static void BoardLost(TwoHosts hosts, Living living, string host)
    {
        var before = Board(hosts, host);
        Shell.Run("kill", "-9", before.ToString(CultureInfo.InvariantCulture)).Ok();
        Product.Until("there is a new board", s_soon, () => Board(hosts, host) is not 0 and var now && now != before);
        Product.Until("QEMU has the object", s_soon, () => HasObject(hosts, host));
        living.AllAlive("with another board");
    }

    private static void Lost(TwoHosts hosts, Living living, string from, string to)
    {
        Shell.Run("kill", "-9", File.ReadAllText(Path.Combine(hosts.Paths(from).Run, "libvirt", "agent.pid")).Trim()).Ok();
        hosts.Ask("lab", "migrate", "web-1", to);
        var receipt = Receipts(hosts, to)[0];
        Assert.Equal(("no-agent", 0), (Text(receipt, "outcome"), receipt.GetProperty("installed").GetInt32()));
        living.AllLost();
        Assert.True(hosts.Neighbour.Reaches(TwoHosts.Web, 443), "new ones are let in");
    }

    private static JsonElement Carried(TwoHosts hosts, Living living, string from, string to)
    {
        var receipt = Receipts(hosts, to)[0];
        Assert.Equal(("carried", from, to, 0), (Text(receipt, "outcome"), Text(receipt, "from"), Text(receipt, "to"), receipt.GetProperty("refused").GetInt32()));
        Assert.InRange(receipt.GetProperty("installed").GetInt32(), living.Count, living.Count + 5);
        return receipt;
    }

    private static void Untouched(TwoHosts hosts, string host)
    {
        Assert.False(HasObject(hosts, host));
        var xml = Xml(hosts, host);
        Assert.DoesNotContain("dbus-vmstate", xml, StringComparison.Ordinal);
        Assert.DoesNotContain("urn:merlon:carried", xml, StringComparison.Ordinal);
    }

    private static bool HasObject(TwoHosts hosts, string host) =>
        Virsh(hosts, host, "qemu-monitor-command", "web-1", """{"execute":"qom-list","arguments":{"path":"/objects"}}""").Contains("\"merlon\"", StringComparison.Ordinal);

    private static string Xml(TwoHosts hosts, string host) => Virsh(hosts, host, "dumpxml", "web-1");

    private static string Virsh(TwoHosts hosts, string host, params string[] words) => hosts.Cli(["lab", "virsh", "--on", host, "--", .. words]).Ok();

    /// <summary>Process of the host's board; 0 = it has none.</summary>
    private static int Board(TwoHosts hosts, string host) =>
        Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(p => int.TryParse(p, out _)).FirstOrDefault(p => CommandLine(p!).EndsWith($"\0board\0--instance\0{hosts.Paths(host).Instance}\0", StringComparison.Ordinal)) is { } pid
            ? int.Parse(pid, CultureInfo.InvariantCulture) : 0;

    private static string CommandLine(string pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            return ""; // it has just ended
        }
    }

    private static List<JsonElement> Receipts(TwoHosts hosts, string host) =>
        [.. JsonDocument.Parse(Shell.Run(Repository.Bin("merlon"), "--instance", hosts.Paths(host).Instance, "get", "migration", "-o", "json").Ok()).RootElement.EnumerateArray()];

    private static string? Text(JsonElement receipt, string name) => receipt.GetProperty(name).GetString();

    /// <summary>Connections between web-1 and its neighbour.</summary>
    private sealed class Living : IDisposable
    {
        private readonly TwoHosts _hosts;
        private readonly List<LivingSocket> _all = [];

        public Living(TwoHosts hosts)
        {
            _hosts = hosts;
            for (var i = 0; i < Idle + Busy; i++) _all.Add(new(hosts.Neighbour.Connect(TwoHosts.Web, 443)));
            for (var i = 0; i < Own; i++) _all.Add(OpenedByWeb(i));
            AllAlive("before it moved");
            foreach (var busy in _all.Take(Busy)) busy.Busy();
        }

        public int Count => _all.Count;

        public void AllAlive(string when)
        {
            var dead = _all.Select((l, i) => (Number: i, Alive: l.IsAlive(s_patience), l.Broken, l.Echoed)).Where(l => !l.Alive).ToList();
            Assert.True(dead.Count == 0, $"{when}, {dead.Count} of {_all.Count} are lost: {string.Join("; ", dead)}\n{_hosts.Logs()}");
        }

        public void AllLost() => Assert.Equal(_all.Count, _all.AsParallel().WithDegreeOfParallelism(_all.Count).Count(l => !l.IsAlive(s_lost)));

        public void Dispose()
        {
            foreach (var socket in _all) socket.Dispose();
        }

        // web-1 sends back what it gets on a connection that it opened.
        private LivingSocket OpenedByWeb(int number)
        {
            using var listener = _hosts.Neighbour.Listen(81 + number);
            _hosts.Probe("web-1", $"sh nc {Neighbour.Address} {81 + number} -e /bin/cat >/dev/null 2>&1 &");
            return new(listener.AcceptAsync().WaitAsync(s_patience).Result);
        }
    }
}
