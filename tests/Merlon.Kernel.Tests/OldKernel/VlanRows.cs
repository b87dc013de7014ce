using System.Net.Sockets;
using AwesomeAssertions;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Kernel.Tests.OldKernel;

/// <summary>A VLAN-aware bridge between the two guests.</summary>
[Collection(OldKernelCollection.Name), Trait(OldKernelCable.Trait, OldKernelCable.Value)]
public sealed class VlanRows : IDisposable
{
    private readonly OldKernelCable _place;

    public VlanRows(OldKernelCable place)
    {
        _place = place;
        _place.Cable.Host.Ip("link", "set", "br0", "type", "bridge", "vlan_filtering", "1");
        foreach (var port in Ports) Bridge("del", port, "1");
    }

    private string[] Ports => [_place.Web.Ifname, _place.Db.Ifname];

    public void Dispose()
    {
        foreach (var port in Ports)
        {
            foreach (var vlan in new[] { "10", "20" }) Bridge("del", port, vlan);
            Bridge("add", port, "1", "pvid", "untagged");
        }
        _place.Cable.Host.Ip("link", "set", "br0", "type", "bridge", "vlan_filtering", "0");
    }

    [Fact]
    public void Access_ports_of_one_vlan_are_judged_like_any_others()
    {
        foreach (var port in Ports) Bridge("add", port, "10", "pvid", "untagged");
        _place.Mark();
        _place.Cable.Delivered(7789).Should().Be(20);
        _place.NewDrops().Should().BeEmpty();
        _place.Cable.Delivered(7791).Should().Be(0);
        _place.NewDrops().Should().ContainKey(Reason.Default);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void A_stream_between_access_ports_arrives_whole(AddressFamily family)
    {
        foreach (var port in Ports) Bridge("add", port, "10", "pvid", "untagged");
        _place.Mark();
        Streams.Transfer(_place, family, 1_000_000);
        _place.NewDrops().Should().BeEmpty();
    }

    [Fact]
    public void What_the_policy_allows_does_not_cross_from_vlan_to_vlan()
    {
        Bridge("add", _place.Web.Ifname, "10", "pvid", "untagged");
        Bridge("add", _place.Db.Ifname, "20", "pvid", "untagged");
        _place.Cable.Delivered(7789).Should().Be(0, "the bridge keeps them apart, Merlon adds no way");
    }

    [Fact]
    public void Frames_that_a_guest_tags_are_dropped_and_counted() => Tagging("10", () =>
    {
        Unguarded(() => _place.Cable.Delivered(7789).Should().Be(20, "the bridge itself takes them"));
        _place.Mark();
        _place.Cable.Delivered(7789).Should().Be(0);
        _place.NewDrops().Should().ContainKey(Reason.VlanTag).WhoseValue.Should().BeGreaterThanOrEqualTo(20);
    });

    /// <summary>The bridge takes a priority tag off.</summary>
    [Fact]
    public void A_priority_tag_is_judged_like_none() => Tagging("0", () =>
    {
        _place.Mark();
        _place.Cable.Delivered(7789).Should().Be(20);
        _place.NewDrops().Should().BeEmpty();
        _place.Cable.Delivered(7791).Should().Be(0);
        _place.NewDrops().Keys.Should().BeEquivalentTo([Reason.Default]);
    });

    /// <summary>Tagged on one side of the bridge and not on the other: both judge for themselves.</summary>
    [Fact]
    public void A_trunk_port_s_listed_vlan_reaches_an_access_port() => Tagging("10", () => Trunk(() =>
    {
        _place.Mark();
        _place.Cable.Delivered(7789).Should().Be(20);
        Streams.Transfer(_place, AddressFamily.InterNetwork, 1_000_000);
        _place.NewDrops().Should().BeEmpty();
        _place.Cable.Delivered(7791).Should().Be(0);
        _place.NewDrops().Keys.Should().BeEquivalentTo([Reason.Default]);
    }));

    private void Tagging(string tag, Action check)
    {
        Bridge("add", _place.Web.Ifname, "10", tag == "0" ? ["pvid", "untagged"] : []);
        Bridge("add", _place.Db.Ifname, "10", "pvid", "untagged");
        _place.Web.Namespace.Ip("link", "add", "link", "eth0", "name", "tagged", "type", "vlan", "id", tag);
        _place.Web.Namespace.Ip("addr", "del", $"{_place.Web.Ip4}/16", "dev", "eth0");
        _place.Web.Namespace.Ip("addr", "add", $"{_place.Web.Ip4}/16", "dev", "tagged");
        _place.Web.Namespace.Ip("link", "set", "tagged", "up");
        // An answer to a priority tag has none, and would come in at eth0.
        _place.Web.Namespace.Ip("neigh", "replace", _place.Db.Ip4.ToString(), "lladdr", _place.Db.Mac, "dev", "tagged", "nud", "permanent");
        try
        {
            check();
        }
        finally
        {
            _place.Web.Namespace.Ip("link", "del", "tagged");
            _place.Web.Namespace.Ip("addr", "add", $"{_place.Web.Ip4}/16", "dev", "eth0");
        }
    }

    // web's Guard lists VLAN 10; its port's segment is its own then.
    private void Trunk(Action check)
    {
        var (world, port) = (_place.Cable.World, _place.Cable.World["web"]);
        world.Kernel.Macs.Remove(port.Record.Segment, port.Mac);
        world.ChangePort("web", p => p with { Segment = 99, Vlans = PortVlans.From([new(10, 10)]) });
        world.Kernel.Macs.Set(99, port.Mac, port.Ifindex, port.Record.Vnic);
        try
        {
            check();
        }
        finally
        {
            world.Kernel.Macs.Remove(99, port.Mac);
            world.ChangePort("web", _ => port.Record);
            world.Kernel.Macs.Set(port.Record.Segment, port.Mac, port.Ifindex, port.Record.Vnic);
        }
    }

    private void Unguarded(Action check)
    {
        int[] ports = [_place.Cable.Ifindex(_place.Web), _place.Cable.Ifindex(_place.Db)];
        _place.Cable.OnHost(() => Array.ForEach(ports, _place.Cable.Attacher.Detach));
        try
        {
            check();
        }
        finally
        {
            _place.Cable.OnHost(() => Array.ForEach(ports, port => _place.Cable.Attacher.Attach(port, 7)));
        }
    }

    private void Bridge(string verb, string port, string vlan, params string[] how) =>
        _place.OnHost(["bridge", "vlan", verb, "dev", port, "vid", vlan, .. how]);
}
