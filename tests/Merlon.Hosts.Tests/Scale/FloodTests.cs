using System.Diagnostics;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Hosts.Tests.Scale;

/// <summary>A VM that floods loses its own new connections, and nobody else loses anything (workload W12).</summary>
[Collection(Alone.Name)]
public sealed class FloodTests : IDisposable
{
    private const int Slow = 7500, SlowTcp = 7501, Fresh = 7600, Others = 7601, Live = 1000, New = 20;
    private static readonly TimeSpan s_each = TimeSpan.FromSeconds(2);
    private readonly TestHost _host = new();
    private readonly Guest _a, _b, _flooder, _stranger;
    private readonly KernelControl _kernel;
    private readonly ManyConnections _slow;
    private readonly ManyStreams _streams;

    public FloodTests()
    {
        (_a, _b, _flooder, _stranger) = (_host.AddGuest("a"), _host.AddGuest("b"), _host.AddGuest("flooder"), _host.AddGuest("stranger"));
        _host.Start();
        // The flood is allowed, so that it costs entries. Nobody asks the stranger for its sources.
        _host.Product.Apply(Manifests.Frame + "---\n" + Manifests.OpenAll + """
            ---
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: stranger}
            spec: {priority: 10, action: guard, select: [vm/stranger], log: all, trustMetadata: true, antiSpoof: {ipv6: off}}
            """);
        foreach (var guest in new[] { _a, _b, _flooder, _stranger }) _host.Product.Attach(guest, "shop");
        _kernel = new(_host.Product.Paths.Bpf);
        (_slow, _streams) = (new(_a, _b, Slow, Live), new(_a, _b, SlowTcp, Live));
    }

    [Fact]
    public void Neither_live_nor_new_connections_of_others_are_lost()
    {
        Assert.Equal((0, 0), (_slow.Round(), _streams.Round()));
        foreach (var kind in PacketFlood.Kinds)
            Endures(kind, _flooder, kind switch { "sources" => Reason.SpoofedAddress, "later" => Reason.Fragment, _ => Reason.HalfOpenBudget });
        Endures("sources", _stranger, Reason.HalfOpenBudget);
    }

    private void Endures(string kind, Guest flooder, Reason reason)
    {
        var before = _kernel.Drops(reason);
        using var flood = new PacketFlood(flooder, _b, kind);
        var clock = Stopwatch.StartNew();
        // The budget is used up in a moment; from here on it is the flood alone that is refused.
        Product.Until($"{kind} is refused", TimeSpan.FromSeconds(20), () => _kernel.Drops(reason) > before + 1000);
        var (lost, broken, rounds) = (0, 0, 0);
        for (; rounds == 0 || clock.Elapsed < s_each; rounds++) (lost, broken) = (lost + _slow.Round(), broken + _streams.Round());
        var (a, own) = (Arrived(_a, Fresh), Arrived(flooder, Others));
        Console.WriteLine($"{kind} of {flooder.Name}: {flood.Sent / clock.Elapsed.TotalSeconds:n0}/s, {_kernel.Drops(reason) - before} refused as {reason.Text()}; {Live} slow UDP connections lost {lost}, {Live} slow TCP connections {broken} in {rounds} rounds; new ones that got through: a {a}, {flooder.Name} {own} of {New}");
        Assert.Equal((0, 0, New), (lost, broken, a));
        // The control: who floods does lose, if what it floods with costs entries.
        Assert.True(reason != Reason.HalfOpenBudget || own < New, $"{kind}: the flooder's own new connections all got through");
    }

    public void Dispose()
    {
        _streams.Dispose();
        _slow.Dispose();
        _kernel.Dispose();
        _host.Dispose();
    }

    // Each datagram is a connection of its own.
    private int Arrived(Guest from, int port)
    {
        using var counter = new UdpCounter(_b, port);
        for (var n = 0; n < New; n++)
        {
            using var sender = new UdpSender(from, _b.Ip4, port);
            sender.Send(n);
        }
        for (var wait = 0; wait < 20 && counter.Seen().Count < New; wait++) Thread.Sleep(25);
        return counter.Seen().Count;
    }
}
