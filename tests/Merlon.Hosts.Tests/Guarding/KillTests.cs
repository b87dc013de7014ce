using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>SIGKILL of agent and controller while swaps, event batches and attaches are in progress: the kernel goes on.</summary>
public class KillTests
{
    private const int Transfer = 7100, Short = 7101, Refused = 7102;

    [Fact, Trait("long", "kill-agent")]
    public void Killing_the_agent_loses_no_byte_no_entry_and_no_verdict() => Run("kill-agent", brief: 6, full: 50,
        (host, round) =>
        {
            var work = Disturb(host, round);
            Product.Kill9(host.Product.Agent);
            work.Join();
            host.Product.StartAgent();
        });

    [Fact, Trait("long", "kill-controller")]
    public void Killing_the_controller_loses_no_byte_no_entry_and_no_verdict() => Run("kill-controller", brief: 4, full: 50,
        (host, round) =>
        {
            var work = Disturb(host, round);
            Product.Kill9(host.Product.Controller);
            work.Join();
            host.Product.StartController();
        });

    /// <summary>While both are dead denied traffic stays denied, allowed new connections still open, and entries expire.</summary>
    [Fact]
    public void With_both_dead_verdicts_hold_and_entries_expire()
    {
        using var host = Prepare(out var a, out var b);
        using var refused = new UdpCounter(b, Refused);
        using var allowed = new UdpCounter(b, Short);
        Product.Kill9(host.Product.Agent);
        Product.Kill9(host.Product.Controller);
        using (var sender = new UdpSender(a, b.Ip4, Refused)) for (var n = 0; n < 50; n++) sender.Send(n);
        using (var sender = new UdpSender(a, b.Ip4, Short)) for (var n = 0; n < 50; n++) sender.Send(n);
        Product.Until("allowed datagrams", TimeSpan.FromSeconds(3), () => allowed.Seen().Count == 50);
        Assert.Empty(refused.Seen());
        using var kernel = new KernelControl(host.Product.Paths.Bpf);
        Assert.True(kernel.Entries > 0);
        // an unanswered datagram lives 30 s (docs/packet-path.md)
        Product.Until("entries expire with nobody there", TimeSpan.FromSeconds(40), () => kernel.Entries == 0);
    }

    /// <summary>Starts an apply or an attach and comes back at another moment of it each round.</summary>
    private static Thread Disturb(TestHost host, int round)
    {
        var work = new Thread(() =>
        {
            if (round % 3 == 2) host.AttachOneMore(round);
            else host.Product.Cli("apply", "-f", host.Product.WriteManifest(Manifests.Open($"tcp/{Transfer}", $"tcp/{Short}", $"udp/{Short}", $"udp/{9000 + round}")));
        });
        work.Start();
        Thread.Sleep(20 + 17 * round % 400);
        return work;
    }

    private static TestHost Prepare(out Guest a, out Guest b)
    {
        var host = new TestHost();
        a = host.AddGuest("a");
        b = host.AddGuest("b");
        host.Start();
        host.Product.Apply(Manifests.Frame);
        host.Product.Attach(a, "shop");
        host.Product.Attach(b, "shop");
        host.Product.Apply(Manifests.Open($"tcp/{Transfer}", $"tcp/{Short}", $"udp/{Short}"));
        return host;
    }

    private static void Run(string name, int brief, int full, Action<TestHost, int> kill)
    {
        var evidence = new Evidence(name);
        var rounds = evidence.Rounds(brief, full);
        using var host = Prepare(out var a, out var b);
        using var transfer = new TcpTransfer(a, b, b.Ip4, Transfer, TimeSpan.FromMilliseconds(1));
        using var load = new ConnectLoad(a, b, b.Ip4, Short, 100);
        using var refused = new UdpCounter(b, Refused);
        using var intruder = new UdpSender(a, b.Ip4, Refused);
        for (var round = 0; round < rounds; round++)
        {
            intruder.Send(round);
            kill(host, round);
            host.Product.WaitReady();
            Assert.Contains($"tcp/{Transfer}", host.Product.Cli("get", "connection", "--vm", "a", "--limit", "100000", "-o", "json").Ok(), StringComparison.Ordinal);
        }
        var (done, failed) = load.Counts;
        var (sent, received, wrong) = transfer.Finish();
        evidence.With("rounds", rounds).With("bytesSent", sent).With("bytesReceived", received).With("bytesWrong", wrong)
            .With("connections", done).With("connectionsFailed", failed).With("forbiddenDelivered", refused.Seen().Count).Write();
        Assert.Equal(sent, received);
        Assert.Equal(0, wrong);
        Assert.Equal(0, failed);
        Assert.True(done > rounds * 20);
        Assert.Empty(refused.Seen());
    }
}
