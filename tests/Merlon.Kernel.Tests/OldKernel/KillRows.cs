using AwesomeAssertions;
using Merlon.Datapath;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Kernel.Tests.OldKernel;

/// <summary>The real agent, killed without a word: the kernel goes on by itself, and the next agent takes over what it finds. On a host of its own.</summary>
[Collection(OldKernelCollection.Name), Trait(OldKernelCable.Trait, OldKernelCable.Value)]
public class KillRows
{
    private const int Allowed = 7789, Idle = 7790, Forbidden = 7791, Live = 100;

    [Fact]
    public async Task A_killed_agent_leaves_verdicts_and_entries_and_the_next_takes_over_under_load()
    {
        using var host = new TestHost(patience: 120);
        var (a, b) = (host.AddGuest("a"), host.AddGuest("b"));
        host.Start();
        // In an emulated machine a part that is busy answers later than the command line waits.
        var policy = host.Product.WriteManifest(Manifests.Frame + "---\n" + Manifests.Open($"udp/{Allowed}", $"udp/{Idle}"));
        Product.Until("the policy", host.Product.Patience, () => host.Product.Cli("apply", "-f", policy, "--wait").Code == 0);
        foreach (var guest in new[] { a, b }) Product.Until("attach", host.Product.Patience, () => host.Product.TryAttach(guest, "shop").Code == 0);
        using var kernel = KernelDatapath.Open(new(Repository.Object, host.Product.Paths.Bpf));
        using var idle = new ManyConnections(a, b, Idle, Live);
        idle.Round().Should().Be(0);
        using var allowed = new UdpCounter(b, Allowed);
        using var forbidden = new UdpCounter(b, Forbidden);
        using var stop = new CancellationTokenSource();
        var sending = Task.Run(() => TwoPorts.Send(a, b, Allowed, Forbidden, stop.Token));
        var entries = Entries(kernel);
        entries.Should().HaveCount(Live);

        Product.Kill9(host.Product.Agent);
        Thread.Sleep(2000);
        idle.Round().Should().Be(0, "with the agent dead what is open goes on");
        Entries(kernel).Should().Equal(entries);
        var whileDead = allowed.Seen().Count;
        whileDead.Should().BeGreaterThan(100);
        host.Product.StartAgent();
        Product.Until("the next agent", host.Product.Patience, () => host.Product.Cli("status", "--wait", "--timeout", "10").Code == 0);
        await stop.CancelAsync();
        var sent = await sending;

        Entries(kernel).Should().Equal(entries);
        idle.Round().Should().Be(0);
        for (var wait = 0; wait < 100 && allowed.Seen().Count < sent; wait++) Thread.Sleep(50);
        allowed.Seen().Count.Should().Be(sent).And.BeGreaterThan(whileDead, "the load went on until the next agent was ready");
        forbidden.Seen().Should().BeEmpty();
        Console.WriteLine($"kill -9 of the agent: {entries.Count} entries the same; {sent} datagrams, {whileDead} before the next agent, 0 lost, 0 forbidden ones arrived");

        // The control: the new agent is in charge of it.
        host.Product.Cli("detach", b.Ifname).Ok();
        host.Product.Cli("detach", a.Ifname).Ok();
        Product.Until("entries that no vNIC holds to leave", TimeSpan.FromSeconds(10), () => !Entries(kernel).SequenceEqual(entries));
    }

    // Ports and birth of what lives long.
    private static List<(int Port, ulong CreatedNs)> Entries(KernelDatapath kernel) =>
        [.. kernel.Connections.List().Where(e => e.DestinationPort == Idle).Select(e => (e.SourcePort, e.CreatedNs)).Order()];
}
