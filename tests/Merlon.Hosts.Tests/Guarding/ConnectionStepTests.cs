using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>apply --connections: live connections that the new rules forbid go on, to a stated second or to their own end, and lose nothing; new
/// ones are refused at once. The control is the next apply without it, which cuts the same connections.</summary>
public sealed class ConnectionStepTests : IDisposable
{
    private const int Port = 7450;
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);
    private readonly TestHost _host = new();
    private readonly Guest _a, _b;
    private readonly NumberedStream[] _live;
    private readonly Pacer _pacer;

    public ConnectionStepTests()
    {
        (_a, _b) = (_host.AddGuest("a"), _host.AddGuest("b"));
        _host.Start();
        _host.Product.Apply(Manifests.Frame + "---\n" + Manifests.Open($"tcp/{Port}-{Port + 9}", $"udp/{Port}-{Port + 9}", "icmp/8", "icmp6/128"));
        _host.Product.Attach(_a, "shop");
        _host.Product.Attach(_b, "shop");
        _host.Product.WaitReady();
        _live = [.. NumberedStream.OfEveryKind(_a, _b, Port)];
        _pacer = new(() => 0, TimeSpan.FromMilliseconds(5), _live);
        Flow();
    }

    [Fact]
    public void Kept_they_go_on_through_the_changes_of_others_until_their_own_tenant_cuts_them()
    {
        using var listener = _b.Listen(Port + 1);
        Product.Until("the control: it opens", TimeSpan.FromSeconds(5), () => Opens(Port + 1));
        Planned(Manifests.Open($"tcp/{Port}-{Port + 1}", $"udp/{Port}", "icmp/8", "icmp6/128"), cut: [], atOnce: []);
        Planned(Manifests.Open($"udp/{Port}", "icmp/8", "icmp6/128"), Ends($"tcp/{Port}"), atOnce: []);
        Planned(Manifests.Open("udp/1"), Every, atOnce: []);
        Step("keep", Manifests.Open("udp/1"));
        Assert.Equal("live connections that it forbids go on to their own end", _host.Product.Revisions()[^1].Note);
        _host.Product.Apply(Manifests.OpenWithin("rival", "tcp/9"));
        Product.Kill9(_host.Product.Agent);
        _host.Product.StartAgent();
        _host.Product.WaitReady();
        Assert.False(Opens(Port + 1), "a new connection was let in");
        Flow();
        NothingIsLost();
        Planned(Manifests.Open("udp/2"), Every, atOnce: []);
        _host.Product.Apply(Manifests.Open("udp/2"));
        Cut();
    }

    [Fact]
    public void A_changed_guard_cuts_at_once_what_keep_spares_without_it_and_plan_says_so()
    {
        var change = Manifests.Frame.Replace("log: all", "log: denies", StringComparison.Ordinal) + "---\n" + Manifests.Open("udp/1");
        Planned(change, Every, atOnce: Every);
        Step("keep", change);
        Cut();
    }

    /// <summary>It has entries of its own from then on: TCP must open again, all else opens with its next packet.</summary>
    [Fact]
    public void A_vnic_that_becomes_a_trunk_port_loses_its_tcp_connections_alone_as_plan_says()
    {
        var change = Manifests.Frame.Replace("log: all", "log: all, vlans: [7]", StringComparison.Ordinal);
        Planned(change, Ends($"tcp/{Port}"), atOnce: Ends($"tcp/{Port}"));
        Step("keep", change);
        var had = _live.ToDictionary(s => s.Name, s => s.Received);
        Thread.Sleep(700);
        Assert.Equal(_live.Where(s => s.Name.Contains("tcp", StringComparison.OrdinalIgnoreCase)).Select(s => s.Name).Order(), _live.Where(s => s.Received == had[s.Name]).Select(s => s.Name).Order());
    }

    [Fact]
    public void Drained_they_are_cut_at_the_stated_second_by_an_agent_that_was_killed_meanwhile()
    {
        var before = DateTimeOffset.UtcNow;
        Step("drain=8s", Manifests.Open("udp/1"));
        var said = _host.Product.Revisions()[^1].Note!;
        var end = DateTimeOffset.Parse(said[said.LastIndexOf(' ')..], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(end, before.AddSeconds(7), DateTimeOffset.UtcNow.AddSeconds(8));
        Product.Kill9(_host.Product.Agent);
        Product.Kill9(_host.Product.Controller);
        _host.Product.StartAgent();
        Thread.Sleep(end.AddSeconds(-0.5) - DateTimeOffset.UtcNow);
        Flow();
        NothingIsLost();
        Thread.Sleep(end.AddSeconds(2) - DateTimeOffset.UtcNow);
        Cut();
    }

    [Fact]
    public void What_is_neither_is_refused_and_nothing_is_applied()
    {
        var revisions = _host.Product.Revisions().Count;
        var file = _host.Product.WriteManifest(Manifests.Open("udp/1"));
        foreach (var what in new[] { "drop", "drain", "drain=0s", "drain=2x", "drain=8d", "keep=5s" })
            Assert.Equal((what, 1), (what, _host.Product.Cli("apply", "-f", file, "--connections", what).Code));
        Assert.Equal(revisions, _host.Product.Revisions().Count);
    }

    public void Dispose()
    {
        _pacer.Dispose();
        foreach (var stream in _live) stream.Dispose();
        _host.Dispose();
    }

    private string[] Every => [.. Ends("icmp")[..1], .. Ends("icmp6")[1..], .. Ends($"tcp/{Port}"), .. Ends($"udp/{Port}")];

    /// <summary>What plan says would be cut of the connections that live, and at once under keep too.</summary>
    private void Planned(string manifest, string[] cut, string[] atOnce)
    {
        var said = _host.Product.Cli("plan", "-f", _host.Product.WriteManifest(manifest), "-o", "json");
        Assert.Equal(2, said.Code);
        var plan = JsonSerializer.Deserialize(said.Out, ApiJson.Default.PlanResult)!;
        Assert.Equal(cut, Words(plan.Cut!));
        Assert.Equal(atOnce, Words(plan.CutAtOnce!));

        static string[] Words(IReadOnlyList<ConnectionRecord> told) =>
            [.. told.Where(c => c.Service != $"tcp/{Port + 1}").Select(c => $"{c.Service} {c.Source.Vm} {c.Destination.Address}").Order(StringComparer.Ordinal)];
    }

    private string[] Ends(string service) => [$"{service} a {_b.Ip4}", $"{service} a {_b.Ip6}"];

    private void Step(string connections, string manifest) =>
        _host.Product.Cli("apply", "-f", _host.Product.WriteManifest(manifest), "--connections", connections, "--wait").Ok();

    /// <summary>Each of them brings numbers now.</summary>
    private void Flow()
    {
        var had = _live.Select(s => s.Received).ToArray();
        Product.Until("numbers on every connection", s_soon, () => _live.Zip(had).All(s => s.First.Received > s.Second + 20));
    }

    // What is on its way when it is counted has a moment to arrive.
    private void NothingIsLost()
    {
        var sent = _live.Select(s => s.Sent).ToArray();
        Thread.Sleep(300);
        Assert.All(_live.Zip(sent), s => Assert.True(s.First.Received >= s.Second, $"{s.First.Name}: {s.First.Received} of {s.Second}"));
    }

    private void Cut()
    {
        var had = _live.Select(s => s.Received).ToArray();
        Thread.Sleep(700);
        Assert.Equal(had, _live.Select(s => s.Received));
    }

    private bool Opens(int port) => _a.Reaches(_b.Ip4, port, TimeSpan.FromMilliseconds(500));
}
