using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>Guests whose addresses nobody declared: their own IP stacks and a real DHCP exchange teach Merlon.</summary>
public sealed class LearnTests : IDisposable
{
    private const string Arp = "learn: {by: [arp], within: [10.9.0.0/16, \"fd00:9::/64\", \"fe80::/10\"], except: [10.9.255.254/32]}";
    private const string Dhcp = "learn: {by: [dhcp]}";
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);
    private readonly TestHost _host = new();
    private readonly Guest _a, _b, _c;
    private Process? _server;

    public LearnTests() => (_a, _b, _c) = (_host.AddGuest("a"), _host.AddGuest("b"), _host.AddGuest("c"));

    [Fact]
    public void An_address_is_denied_until_its_VM_speaks_for_it_and_a_second_VM_does_not_get_it()
    {
        Begin("", _a, _c);
        // Its neighbours are known to it: only what it says of itself decides.
        foreach (var from in new[] { _a, _c }) from.Namespace.Ip("neigh", "replace", $"{_b.Ip4}", "lladdr", _b.Mac, "dev", "eth0", "nud", "permanent");
        _b.Namespace.Ip("neigh", "replace", $"{_a.Ip4}", "lladdr", _a.Mac, "dev", "eth0", "nud", "permanent");
        using var stream = new NumberedUdp(_a, _b, _b.Ip4, 7400);
        using var pacer = new Pacer(() => 0, TimeSpan.FromMilliseconds(1), [stream]);
        Speak(_a);
        Thread.Sleep(3500); // its stack asks three times
        Assert.Equal(0, stream.Received); // the control: it does not learn
        Assert.Empty(Learned());

        Guard(Arp);
        Thread.Sleep(1000);
        Assert.Equal(0, stream.Received); // nothing but packets came: nobody speaks for their source
        var spoken = Speak(_a);
        Product.Until("numbers", s_soon, () => stream.Received > 50);
        Console.WriteLine($"from a's first ARP to its first packet at b: {Stopwatch.GetElapsedTime(spoken, stream.FirstReceived().At).TotalMilliseconds:f1} ms");
        Assert.Equal((_a.Ip4.ToString(), "a", "arp"), Assert.Single(Learned()) is var one ? (one.Address, one.Vm, one.How) : default);

        _c.Namespace.Ip("addr", "flush", "dev", "eth0");
        _c.Namespace.Ip("addr", "add", $"{_a.Ip4}/16", "dev", "eth0");
        using var second = new NumberedUdp(_c, _b, _b.Ip4, 7401);
        using var seconds = new Pacer(() => 0, TimeSpan.FromMilliseconds(5), [second]);
        Product.Until("the second claim to be told", s_soon, () =>
        {
            Speak(_c);
            Thread.Sleep(200);
            return Alarms().Contains($"c claims {_a.Ip4} by arp, which belongs to a: refused");
        });
        var before = stream.Received;
        Thread.Sleep(1000);
        Assert.Equal(0, second.Received);
        Assert.True(stream.Received > before + 50, "its owner was disturbed");

        // Both processes killed: the kernel goes on, and those that come know whose it is.
        Product.Kill9(_host.Product.Controller);
        Product.Kill9(_host.Product.Agent);
        _host.Product.StartController();
        _host.Product.StartAgent();
        Product.Until("the agent's greeting", s_soon, () => Status().Hosts is [{ Connected: true, SequenceApplied: > 0 }]);
        before = stream.Received;
        Product.Until("numbers", s_soon, () => stream.Received > before + 50);
        Speak(_c);
        Thread.Sleep(500);
        Assert.Equal(0, second.Received);

        _host.Product.Cli("delete", $"address/{_a.Ip4}").Ok();
        Product.Until("a to be denied", s_soon, () => Quiet(stream));
        // What it said of the same address less than 10 s ago was answered; it is told of again after that.
        Product.Until("c to have it", TimeSpan.FromSeconds(20), () =>
        {
            Speak(_c);
            Thread.Sleep(300);
            return second.Received > 50;
        });
        Assert.Equal("c", Assert.Single(Learned()).Vm);
    }

    [Fact]
    public void A_lease_is_learned_of_the_server_s_answer()
    {
        Begin(Dhcp, _a);
        Serve(_c, "10.9.9.10", "10.9.9.20"); // outside: nobody guards it
        _a.Namespace.Ip("addr", "flush", "dev", "eth0");
        var leased = Lease();
        _a.Namespace.Ip("addr", "add", $"{leased}/16", "dev", "eth0");
        using var stream = new NumberedUdp(_a, _b, _b.Ip4, 7400);
        using var pacer = new Pacer(() => 0, TimeSpan.FromMilliseconds(5), [stream]);
        Product.Until("numbers", s_soon, () => stream.Received > 20);
        var told = Assert.Single(Learned());
        Assert.Equal((leased, "a", "dhcp"), (told.Address, told.Vm, told.How));
        Assert.InRange((told.Until!.Value - told.Since!.Value).TotalSeconds, 599, 601);

        // Another address than it was given, and ARP for it: it learns leases only.
        _a.Namespace.Ip("addr", "flush", "dev", "eth0");
        _a.Namespace.Ip("addr", "add", "10.9.9.99/16", "dev", "eth0");
        using var other = new NumberedUdp(_a, _b, _b.Ip4, 7401);
        using var others = new Pacer(() => 0, TimeSpan.FromMilliseconds(5), [other]);
        Speak(_a);
        Thread.Sleep(1500);
        Assert.Equal(0, other.Received);
    }

    [Fact]
    public void A_lease_alone_lets_nothing_through_where_the_Guard_does_not_learn()
    {
        Begin("", _a);
        Serve(_c, "10.9.9.10", "10.9.9.20");
        _a.Namespace.Ip("addr", "flush", "dev", "eth0");
        _a.Namespace.Ip("addr", "add", $"{Lease()}/16", "dev", "eth0");
        using var stream = new NumberedUdp(_a, _b, _b.Ip4, 7400);
        using var pacer = new Pacer(() => 0, TimeSpan.FromMilliseconds(5), [stream]);
        Thread.Sleep(2000);
        Assert.Equal(0, stream.Received);
        Assert.Empty(Learned());
    }

    public void Dispose()
    {
        _server?.Kill();
        _server?.Dispose();
        _host.Dispose();
    }

    private void Begin(string learn, params Guest[] undeclared)
    {
        _host.Start();
        Guard(learn);
        _host.Product.Attach(_b, "shop");
        foreach (var guest in undeclared)
            _host.Product.Cli("attach", guest.Ifname, "--vm", guest.Name, "--tenant", "shop", "--mac", guest.Mac, "--network", "br0").Ok();
    }

    private void Guard(string learn) => _host.Product.Apply(Manifests.Frame.Replace("trustMetadata: true", "trustMetadata: true" + (learn.Length > 0 ? ", " + learn : ""), StringComparison.Ordinal)
        + "---\n" + Manifests.Open("udp/7400-7409"));

    // Its stack asks for somebody whom it does not know: an ARP request from its own address, at once.
    private static long Speak(Guest guest)
    {
        using var socket = guest.Udp();
        var at = Stopwatch.GetTimestamp();
        socket.SendTo(new byte[1], new IPEndPoint(IPAddress.Parse($"10.9.100.{Random.Shared.Next(1, 250)}"), 9));
        return at;
    }

    private void Serve(Guest guest, string first, string last)
    {
        var folder = Path.GetDirectoryName(_host.Product.WriteManifest(""))!;
        var (config, leases) = (Path.Combine(folder, "udhcpd.conf"), Path.Combine(folder, "udhcpd.leases"));
        File.WriteAllText(leases, "");
        File.WriteAllText(config, $"start {first}\nend {last}\ninterface eth0\nlease_file {leases}\npidfile {Path.Combine(folder, "udhcpd.pid")}\nopt subnet 255.255.0.0\nopt lease 600\n");
        _server = Process.Start(new ProcessStartInfo("nsenter", [$"--net={guest.Namespace.Path}", "busybox", "udhcpd", "-f", config]) { RedirectStandardError = true, RedirectStandardOutput = true });
    }

    /// <summary>One exchange of a real client; the address that it was given.</summary>
    private string Lease()
    {
        var folder = Path.GetDirectoryName(_host.Product.WriteManifest(""))!;
        var (script, given) = (Path.Combine(folder, "given.sh"), Path.Combine(folder, "given"));
        File.WriteAllText(script, $"#!/bin/sh\n[ \"$1\" = bound ] && echo \"$ip\" > {given}\nexit 0\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _a.Run("busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-t", "10", "-T", "1", "-s", script).Ok();
        return File.ReadAllText(given).Trim();
    }

    private static bool Quiet(NumberedUdp stream)
    {
        var before = stream.Received;
        Thread.Sleep(300);
        return stream.Received == before;
    }

    private AddressRecord[] Learned() =>
        [.. JsonSerializer.Deserialize(_host.Product.Cli("get", "address", "-o", "json").Ok(), ApiJson.Default.IReadOnlyListAddressRecord)!.Where(a => a.How != "declared" && a.Address.StartsWith("10.", StringComparison.Ordinal))];

    private string[] Alarms() => [.. Status().Alarms.Select(a => a.Message)];

    private StatusRecord Status() => JsonSerializer.Deserialize(_host.Product.Cli("status", "-o", "json").Out, ApiJson.Default.StatusRecord)!;
}
