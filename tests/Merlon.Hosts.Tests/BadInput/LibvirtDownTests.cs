using System.Text.Json.Nodes;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.BadInput;

/// <summary>libvirt comes late, dies and comes back, with a real libvirtd: the agent says so, keeps what it guards, and recovers.</summary>
public sealed class LibvirtDownTests : IDisposable
{
    private const int Open = 7200, Shut = 7201;
    private readonly TestHost _host;
    private readonly string _libvirt = $"lv{Environment.ProcessId}";

    public LibvirtDownTests()
    {
        _host = new TestHost($"qemu+unix:///system?socket=/run/{_libvirt}/libvirt/libvirt-sock");
    }

    [Fact]
    public void Libvirt_may_be_down_at_start_die_and_come_back()
    {
        var a = _host.AddGuest("a");
        var b = _host.AddGuest("b");
        _host.Start();
        _host.Product.Cli("apply", "-f", _host.Product.WriteManifest(Manifests.Frame)).Ok();
        Product.Until("the alarm", TimeSpan.FromSeconds(10), () => Alarm() is not null);
        Assert.Contains("systemctl start libvirtd", Alarm(), StringComparison.Ordinal);
        Assert.Contains("libvirt does not answer", File.ReadAllText(_host.Product.AgentLog), StringComparison.Ordinal);
        var refused = Attach(a);
        Assert.Equal(5, refused.Code);
        Assert.Contains("libvirt has never answered this agent", refused.Error, StringComparison.Ordinal);

        Libvirtd("up");
        Product.Until("libvirt is seen", TimeSpan.FromSeconds(30), () => Libvirt());
        _host.Product.Attach(b, "shop");
        _host.Product.Apply(Manifests.Open($"udp/{Open}"));
        Holds(a, b);

        Shell.Run("sh", "-c", $"kill -9 $(ip netns pids {_libvirt})").Ok();
        Product.Until("its loss is seen", TimeSpan.FromSeconds(10), () => !Libvirt() && Alarm() is not null);
        Holds(a, b);
        Product.Kill9(_host.Product.Agent);
        _host.Product.StartAgent();
        Product.Until("the agent", TimeSpan.FromSeconds(10), () => _host.Product.Cli("get", "nic").Code == 0);
        Holds(a, b);
        Assert.False(Libvirt());

        Libvirtd("up");
        Product.Until("libvirt is seen again", TimeSpan.FromSeconds(30), () => Libvirt());
        Holds(a, b);
    }

    public void Dispose()
    {
        Libvirtd("down");
        _host.Dispose();
    }

    private ShellResult Attach(Guest guest) => _host.Product.Cli("attach", guest.Ifname, "--vm", guest.Name, "--tenant", "shop", "--mac", guest.Mac,
        "--address", $"{guest.Ip4}", "--network", "br0");

    private void Libvirtd(string verb) => Shell.Run(Path.Combine(Repository.Root, "lab", "host.sh"), verb, _libvirt).Ok();

    private bool Libvirt() => (bool)Status()["libvirt"]!;

    private string? Alarm() => (string?)Status()["alarms"]!.AsArray().FirstOrDefault(a => (string)a!["code"]! == "libvirt-down")?["mend"];

    private JsonNode Status() => JsonNode.Parse(_host.Product.Cli("status", "-o", "json").Ok())!["hosts"]![0]!["status"]!;

    private static void Holds(Guest a, Guest b)
    {
        using var open = new UdpCounter(b, Open);
        using var shut = new UdpCounter(b, Shut);
        using var toOpen = new UdpSender(a, b.Ip4, Open);
        using var toShut = new UdpSender(a, b.Ip4, Shut);
        toShut.Send(1);
        toOpen.Send(1);
        Product.Until("the open port", TimeSpan.FromSeconds(2), () => open.Seen().Count == 1);
        Assert.Empty(shut.Seen());
    }
}
