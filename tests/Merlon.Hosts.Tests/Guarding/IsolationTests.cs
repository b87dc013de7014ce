using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>A VM that is isolated loses its live connections, all but the management's, and has them back when it ends by itself.</summary>
public sealed class IsolationTests : IDisposable
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);
    private readonly TestHost _host = new();
    private readonly Guest _a, _b, _admin;

    public IsolationTests()
    {
        (_a, _b, _admin) = (_host.AddGuest("a"), _host.AddGuest("b"), _host.AddGuest("admin"));
        _host.Start();
        _host.Product.Apply(Manifests.Frame + "---\n" + Manifests.Open("tcp/7400-7409", "udp/7400-7409"));
        foreach (var guest in new[] { _a, _b, _admin }) _host.Product.Attach(guest, "shop");
        _host.Product.WaitReady();
    }

    [Fact]
    public void Live_connections_are_cut_and_come_back_when_it_ends_by_itself()
    {
        _host.Product.Apply($"""
            apiVersion: merlon/v1
            kind: Group
            metadata: {"{"}name: management, tenant: platform{"}"}
            spec: {"{"}cidrs: ["{_admin.Ip4}/32"]{"}"}
            """);
        using var stream = new NumberedUdp(_a, _b, _b.Ip4, 7400);
        using var managed = new NumberedUdp(_admin, _b, _b.Ip4, 7402);
        using var pacer = new Pacer(() => 0, TimeSpan.FromMilliseconds(5), [stream, managed]);
        Product.Until("numbers", s_soon, () => stream.Received > 50 && managed.Received > 50);
        _host.Product.Cli("isolate", "b", "--for", "8s", "--wait").Ok();
        Thread.Sleep(500);
        var (cut, kept) = (stream.Received, managed.Received);
        Thread.Sleep(1000);
        Assert.Equal(cut, stream.Received);
        Assert.True(managed.Received > kept + 50, "the management was cut off too");
        Product.Kill9(_host.Product.Controller);
        Product.Until("the connection to go on", s_soon, () => stream.Received > cut + 50);
        _host.Product.StartController();
        Product.Until("the record of it", s_soon, () => Log()[^1] is { Tenant: "platform", By: "clock", Note: "the isolation of b has ended" });
    }

    [Fact]
    public void Without_an_end_it_stays_until_it_is_lifted()
    {
        using var stream = new NumberedUdp(_a, _b, _b.Ip4, 7400);
        using var pacer = new Pacer(() => 0, TimeSpan.FromMilliseconds(5), [stream]);
        Product.Until("numbers", s_soon, () => stream.Received > 50);
        _host.Product.Cli("isolate", "b", "--until-lifted", "--wait").Ok();
        Thread.Sleep(500);
        var cut = stream.Received;
        Thread.Sleep(1000);
        Assert.Equal(cut, stream.Received);
        _host.Product.Cli("isolate", "b", "--lift", "--wait").Ok();
        Product.Until("the connection to go on", s_soon, () => stream.Received > cut + 50);
        Assert.Equal(3, _host.Product.Cli("isolate", "b", "--lift").Code);
        Assert.Equal(["isolates b until it is lifted", "lifts the isolation of b"], Log().TakeLast(2).Select(r => r.Note));
    }

    public void Dispose() => _host.Dispose();

    private IReadOnlyList<RevisionRecord> Log() =>
        JsonSerializer.Deserialize(_host.Product.Cli("get", "revision", "-o", "json").Ok(), ApiJson.Default.IReadOnlyListRevisionRecord)!;
}
