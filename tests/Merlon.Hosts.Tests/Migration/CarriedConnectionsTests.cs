using System.Text.Json;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Lab;
using Xunit;

namespace Merlon.Hosts.Tests.Migration;

/// <summary>web-1 moves between two real hosts with its TCP connections, idle and busy, opened by it and by its neighbour; what is not allowed is denied all the
/// time. The control: with nobody to ask on the host that it leaves, it loses every one.</summary>
[Collection(Alone.Name)]
public sealed class CarriedConnectionsTests
{
    private const int Idle = 6, Busy = 2, Own = 2;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30), s_lost = TimeSpan.FromSeconds(5);

    [Fact]
    public void Connections_survive_to_and_fro_and_without_an_agent_there_they_do_not()
    {
        using var hosts = new TwoHosts();
        hosts.Guard(carryConnections: true);
        Product.Until("QEMU has the object", TimeSpan.FromSeconds(10), () => hosts.Cli("lab", "virsh", "--on", "host-1", "--",
            "qemu-monitor-command", "web-1", """{"execute":"qom-list","arguments":{"path":"/objects"}}""").Out.Contains("\"merlon\"", StringComparison.Ordinal));
        var living = new List<LivingSocket>();
        try
        {
            for (var i = 0; i < Idle + Busy; i++) living.Add(new(hosts.Neighbour.Connect(TwoHosts.Web, 443)));
            for (var i = 0; i < Own; i++) living.Add(OpenedByWeb(hosts, i));
            AllAlive(hosts, living, "before it moved");
            foreach (var busy in living.Take(Busy)) busy.Busy();
            foreach (var (from, to) in new[] { ("host-1", "host-2"), ("host-2", "host-1") })
            {
                var moved = hosts.Ask("lab", "migrate", "web-1", to);
                Assert.Equal((from, to), (moved.GetProperty("from").GetString(), moved.GetProperty("to").GetString()));
                var receipt = Receipt(hosts, to);
                Console.WriteLine($"carried: {receipt}; stood still for {moved.GetProperty("downtimeMs").GetInt64()} ms");
                AllAlive(hosts, living, $"on {to}");
                Assert.Equal(("carried", from, to, 0), (Text(receipt, "outcome"), Text(receipt, "from"), Text(receipt, "to"), receipt.GetProperty("refused").GetInt32()));
                Assert.InRange(receipt.GetProperty("installed").GetInt32(), living.Count, living.Count + 5);
            }
            Lost(hosts, living);
        }
        finally
        {
            foreach (var socket in living) socket.Dispose();
        }
        hosts.Dispose();
        Assert.Empty(hosts.Left());
    }

    private static void Lost(TwoHosts hosts, List<LivingSocket> living)
    {
        Shell.Run("kill", "-9", File.ReadAllText(Path.Combine(hosts.Paths("host-1").Run, "libvirt", "agent.pid")).Trim()).Ok();
        hosts.Ask("lab", "migrate", "web-1", "host-2");
        Assert.Equal(("no-agent", 0), (Text(Receipt(hosts, "host-2"), "outcome"), Receipt(hosts, "host-2").GetProperty("installed").GetInt32()));
        Assert.Equal(living.Count, living.Count(l => !l.IsAlive(s_lost)));
        Assert.True(hosts.Neighbour.Reaches(TwoHosts.Web, 443), "new ones are let in");
    }

    /// <summary>web-1 sends back what it gets on a connection that it opened.</summary>
    private static LivingSocket OpenedByWeb(TwoHosts hosts, int number)
    {
        using var listener = hosts.Neighbour.Listen(81 + number);
        hosts.Probe("web-1", $"sh nc {Neighbour.Address} {81 + number} -e /bin/cat >/dev/null 2>&1 &");
        return new(listener.AcceptAsync().WaitAsync(s_patience).Result);
    }

    private static void AllAlive(TwoHosts hosts, List<LivingSocket> living, string when)
    {
        var dead = living.Select((l, i) => (Number: i, Alive: l.IsAlive(s_patience), l.Broken, l.Echoed)).Where(l => !l.Alive).ToList();
        Assert.True(dead.Count == 0, $"{when}, {dead.Count} of {living.Count} are lost: {string.Join("; ", dead)}\n{hosts.Logs()}");
    }

    private static JsonElement Receipt(TwoHosts hosts, string host) =>
        JsonDocument.Parse(Shell.Run(Repository.Bin("merlon"), "--instance", hosts.Paths(host).Instance, "get", "migration", "-o", "json").Ok()).RootElement[0];

    private static string? Text(JsonElement receipt, string name) => receipt.GetProperty(name).GetString();
}
