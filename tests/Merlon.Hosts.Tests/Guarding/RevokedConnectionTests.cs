using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>A live connection that a new revision forbids is cut on its next packet, whoever's side forbids it; one that stays
/// allowed loses nothing.</summary>
public sealed class RevokedConnectionTests : IDisposable
{
    private readonly TestHost _host = new();
    private readonly Guest _a, _b;
    private readonly KernelControl _kernel;

    public RevokedConnectionTests()
    {
        (_a, _b) = (_host.AddGuest("a"), _host.AddGuest("b"));
        _host.Start();
        _host.Product.Apply(Manifests.Frame);
        _host.Product.Attach(_a, "shop");
        _host.Product.Attach(_b, "shop");
        _kernel = new(_host.Product.Paths.Bpf);
    }

    [Fact]
    public void A_connection_that_the_new_revision_forbids_is_cut_on_its_next_packet()
    {
        string[] all = ["tcp/7200-7209", "udp/7200-7209", "icmp/8", "icmp6/128"], kept = ["tcp/7201-7209", "udp/7201-7209"];
        Cut("out of a", 7200, all, Manifests.Sides(kept, all));
        all = ["tcp/7210-7219", "udp/7210-7219", "icmp/8", "icmp6/128"];
        kept = ["tcp/7211-7219", "udp/7211-7219"];
        Cut("into b", 7210, all, Manifests.Sides(all, kept));

        // A cut connection's entry is kept for a while, in case its rule comes back.
        Product.Until("a close record that says revoked for each cut connection", TimeSpan.FromSeconds(45), () => Revoked() == Expected());
    }

    public void Dispose()
    {
        _kernel.Dispose();
        _host.Dispose();
    }

    private void Cut(string side, int port, string[] all, string forbidding)
    {
        _host.Product.Apply(Manifests.Sides(all, all));
        NumberedStream[] cut = [.. NumberedStream.OfEveryKind(_a, _b, port)];
        NumberedStream[] go =
        [
            new NumberedTcp(_a, _b, _b.Ip4, port + 1), new NumberedTcp(_a, _b, _b.Ip6, port + 1),
            new NumberedUdp(_a, _b, _b.Ip4, port + 1), new NumberedUdp(_a, _b, _b.Ip6, port + 1),
        ];
        var before = _kernel.Generation;
        using (new Pacer(() => _kernel.Generation, TimeSpan.FromMilliseconds(2), [.. cut, .. go]))
        {
            Product.Until("numbers on every connection", TimeSpan.FromSeconds(10), () => cut.Concat(go).All(s => s.Received >= 50));
            _host.Product.Apply(forbidding);
            Assert.Equal(before + 1, _kernel.Generation);
            Product.Until("numbers after the commit", TimeSpan.FromSeconds(10), () => cut.All(s => s.Under(before + 1).Sent >= 200));
        }
        Thread.Sleep(300);
        foreach (var stream in cut) AssertCut(side, stream, before);
        foreach (var stream in go) Assert.Equal((stream.Name, stream.Sent), (stream.Name, stream.Received));
        foreach (var stream in cut.Concat(go)) stream.Dispose();
    }

    // The generation is read right before a number is sent: the last one sent under the old one may meet the new one.
    private static void AssertCut(string side, NumberedStream stream, uint before)
    {
        var ((sent, received), (late, passed)) = (stream.Under(before), stream.Under(before + 1));
        Console.WriteLine($"forbidden {side}: {stream.Name}: {received} of {sent} numbers before the commit, {passed} of {late} after it");
        Assert.InRange(received, sent - 1, sent);
        Assert.Equal(0, passed);
    }

    private string Expected() => Lines(new[] { _b.Ip4, _b.Ip6 }.SelectMany(to => new[] { "tcp/7200", "tcp/7210", "udp/7200", "udp/7210" }
        .Concat(Enumerable.Repeat(to == _b.Ip4 ? "icmp/8/0" : "icmp6/128/0", 2)).Select(service => $"{service} to {to}")));

    private string Revoked()
    {
        var flows = JsonSerializer.Deserialize(_host.Product.Cli("flows", "--limit", "10000", "-o", "json").Ok(), ApiJson.Default.IReadOnlyListFlowRecord)!;
        return Lines(flows.Where(f => f is { Event: "close", Reason: "revoked" }).Select(f => $"{f.Service} to {f.Destination.Address}"));
    }

    private static string Lines(IEnumerable<string> lines) => string.Join('\n', lines.Order(StringComparer.Ordinal));
}
