using System.Diagnostics;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Scale;

/// <summary>A VM that floods loses its own new connections, and nobody else loses anything (workload W12).</summary>
[Collection(Alone.Name)]
public sealed class FloodTests : IDisposable
{
    private const int Slow = 7500, Fresh = 7600, Others = 7601, Live = 1000, New = 20;
    private static readonly TimeSpan s_each = TimeSpan.FromSeconds(2);
    private readonly TestHost _host = new();
    private readonly Guest _a, _b, _flooder;
    private readonly KernelControl _kernel;
    private readonly ManyConnections _slow;

    public FloodTests()
    {
        (_a, _b, _flooder) = (_host.AddGuest("a"), _host.AddGuest("b"), _host.AddGuest("flooder"));
        _host.Start();
        // The flood is allowed, so that it costs entries.
        _host.Product.Apply(Manifests.Frame + """
            ---
            apiVersion: merlon/v1
            kind: Policy
            metadata: {name: open, tenant: shop}
            spec: {rules: [{name: open, from: [any], to: [any], services: [any], action: allow}]}
            """);
        foreach (var guest in new[] { _a, _b, _flooder }) _host.Product.Attach(guest, "shop");
        _kernel = new(_host.Product.Paths.Bpf);
        _slow = new(_a, _b, Slow, Live);
    }

    [Fact]
    public void Neither_live_nor_new_connections_of_others_are_lost()
    {
        Assert.Equal(0, _slow.Round());
        foreach (var kind in PacketFlood.Kinds)
        {
            var reason = kind == "sources" ? Reason.SpoofedAddress : Reason.HalfOpenBudget;
            var before = _kernel.Drops(reason);
            using var flood = new PacketFlood(_flooder, _b, kind);
            var clock = Stopwatch.StartNew();
            // The budget is used up in a moment; from here on it is the flood alone that is refused.
            Product.Until($"{kind} is refused", TimeSpan.FromSeconds(20), () => _kernel.Drops(reason) > before + 1000);
            var (lost, rounds) = (0, 0);
            for (; rounds == 0 || clock.Elapsed < s_each; rounds++) lost += _slow.Round();
            var (a, own) = (Arrived(_a, Fresh), Arrived(_flooder, Others));
            Console.WriteLine($"{kind}: {flood.Sent / clock.Elapsed.TotalSeconds:n0}/s, {_kernel.Drops(reason) - before} refused; {Live} slow connections lost {lost} in {rounds} rounds; new ones that got through: a {a}, flooder {own} of {New}");
            Assert.Equal((0, New), (lost, a));
            // The control: who floods does lose.
            Assert.True(kind == "sources" || own < New, $"{kind}: the flooder's own new connections all got through");
        }
    }

    public void Dispose()
    {
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
