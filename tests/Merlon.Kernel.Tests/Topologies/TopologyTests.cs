using Xunit;

namespace Merlon.Kernel.Tests.Topologies;

/// <summary>Ways through a host other than guest to guest on one bridge: which hooks a packet meets, which entries it makes, and that each
/// packet is counted once in each of them, but for a hairpin (docs/operations.md, Attachments).</summary>
public sealed class TopologyTests
{
    private const string Web = "  - {name: web, tenant: shop, nics: [{mac: 52:54:00:00:00:01, network: br0, addresses: [10.9.0.1]}]}\n";
    private const string Db = "  - {name: db, tenant: shop, nics: [{mac: 52:54:00:00:00:02, network: br1, addresses: [10.10.0.2]}]}\n";

    [Fact]
    public void VM_to_host_stack()
    {
        using var place = new TopologyPlace(Web);
        var web = place.Add("web", 1);
        var frames = place.Captured(() => TopologyPlace.Ping(web, "10.9.0.254"));
        Assert.Equal("web/0 from_vm 10, web/0 to_vm 10", TopologyPlace.Hooks(frames));
        Assert.Equal(["segment 1: web/0 10.9.0.1 > - 10.9.0.254 10/10"], place.Sessions());
        Assert.Equal("", place.Drops());
    }

    [Fact]
    public void Routed_by_the_host_between_two_bridges()
    {
        using var place = new TopologyPlace(Web + Db);
        var (web, db) = (place.Add("web", 1), place.Add("db", 2, "br1", "10.10.0.2/16"));
        web.Namespace.Ip("route", "add", "10.10.0.0/16", "via", "10.9.0.254");
        db.Namespace.Ip("route", "add", "10.9.0.0/16", "via", "10.10.0.254");
        var frames = place.Captured(() => TopologyPlace.Ping(web, "10.10.0.2"));
        Assert.Equal("db/0 from_vm 10, db/0 to_vm 10, web/0 from_vm 10, web/0 to_vm 10", TopologyPlace.Hooks(frames));
        // Each end has an entry of its own: the router between them is outside for both.
        Assert.Equal(["segment 1: web/0 10.9.0.1 > - 10.10.0.2 10/10", "segment 2: - 10.9.0.1 > db/0 10.10.0.2 10/10"], place.Sessions());
        Assert.Equal("", place.Drops());
    }

    [Fact]
    public void Router_VM()
    {
        // It speaks in the name of those whose packets it forwards: its Guard lists them.
        using var place = new TopologyPlace(Web + Db +
            "  - {name: router, tenant: shop, nics: [{mac: 52:54:00:00:00:03, network: br0, addresses: [10.9.0.3]}, {mac: 52:54:00:00:01:03, network: br1, addresses: [10.10.0.3]}]}\n", "{addresses: [10.9.0.0/16, 10.10.0.0/16]}");
        var (web, db, router) = (place.Add("web", 1), place.Add("db", 2, "br1", "10.10.0.2/16"), place.Add("router", 3));
        place.AddNic(router, "52:54:00:00:01:03", "br1", "10.10.0.3/16");
        Hosts.Tests.Hosts.Shell.Run("nsenter", $"--net={router.Namespace.Path}", "sysctl", "-qw", "net.ipv4.ip_forward=1").Ok();
        web.Namespace.Ip("route", "add", "10.10.0.0/16", "via", "10.9.0.3");
        db.Namespace.Ip("route", "add", "10.9.0.0/16", "via", "10.10.0.3");
        var frames = place.Captured(() => TopologyPlace.Ping(web, "10.10.0.2"));
        Assert.Equal("db/0 from_vm 10, db/0 to_vm 10, router/0 from_vm 10, router/0 to_vm 10, router/1 from_vm 10, router/1 to_vm 10, web/0 from_vm 10, web/0 to_vm 10",
            TopologyPlace.Hooks(frames));
        Assert.Equal(["segment 1: web/0 10.9.0.1 > router/0 10.10.0.2 10/10", "segment 2: router/1 10.9.0.1 > db/0 10.10.0.2 10/10"], place.Sessions());
        Assert.Equal("", place.Drops());
    }

    [Theory]
    [InlineData("{addresses: [10.9.0.100]}", true)]
    [InlineData("{}", false)] // the control: without a licence nobody answers for it
    public void An_address_that_moves_between_two_VMs(string spoof, bool answered)
    {
        using var place = new TopologyPlace(Web + string.Concat(((int[])[3, 4]).Select(n =>
            $"  - {{name: lb{n}, tenant: shop, nics: [{{mac: 52:54:00:00:00:0{n}, network: br0, addresses: [10.9.0.{n}]}}]}}\n")), spoof);
        var (web, first, second) = (place.Add("web", 1), place.Add("lb3", 3), place.Add("lb4", 4));
        foreach (var (master, backup) in new[] { (first, second), (second, first) })
        {
            backup.Namespace.Ip("addr", "flush", "to", "10.9.0.100/32", "dev", "eth0");
            master.Namespace.Ip("addr", "add", "10.9.0.100/32", "dev", "eth0");
            // The word of the new master (RFC 5798 6.4.1).
            master.Run("busybox", "arping", "-U", "-c", "1", "-I", "eth0", "10.9.0.100");
            if (answered) TopologyPlace.Ping(web, "10.9.0.100");
            else Assert.NotEqual(0, web.Run("busybox", "ping", "-c", "1", "-W", "1", "10.9.0.100").Code);
        }
        Assert.Equal(answered ? ["segment 1: web/0 10.9.0.1 > lb3/0 10.9.0.100 10/10", "segment 1: web/0 10.9.0.1 > lb4/0 10.9.0.100 10/10"] : [], place.Sessions());
        Assert.Equal(answered, place.Drops().Length == 0);
    }

    [Fact]
    public void A_VM_with_two_interfaces()
    {
        using var place = new TopologyPlace(
            "  - {name: web, tenant: shop, nics: [{mac: 52:54:00:00:00:01, network: br0, addresses: [10.9.0.1]}, {mac: 52:54:00:00:01:01, network: br1, addresses: [10.10.0.1]}]}\n"
            + "  - {name: app, tenant: shop, nics: [{mac: 52:54:00:00:00:03, network: br0, addresses: [10.9.0.3]}]}\n" + Db);
        var (web, _, _) = (place.Add("web", 1), place.Add("app", 3), place.Add("db", 2, "br1", "10.10.0.2/16"));
        place.AddNic(web, "52:54:00:00:01:01", "br1", "10.10.0.1/16");
        var frames = place.Captured(() =>
        {
            TopologyPlace.Ping(web, "10.9.0.3");
            TopologyPlace.Ping(web, "10.10.0.2");
        });
        Assert.Equal("app/0 from_vm 10, app/0 to_vm 10, db/0 from_vm 10, db/0 to_vm 10, web/0 from_vm 10, web/0 to_vm 10, web/1 from_vm 10, web/1 to_vm 10", TopologyPlace.Hooks(frames));
        Assert.Equal(["segment 1: web/0 10.9.0.1 > app/0 10.9.0.3 10/10", "segment 2: web/1 10.10.0.1 > db/0 10.10.0.2 10/10"], place.Sessions());
        Assert.Equal("", place.Drops());
    }

    [Fact]
    public void Hairpin_between_two_addresses_behind_one_interface()
    {
        // Two hosts behind one tap (nested guests): their frames leave by it and come back by it. It has two MACs, so its Guard lists the other.
        using var place = new TopologyPlace(Web.Replace("[10.9.0.1]", "[10.9.0.1, 10.9.0.11]", StringComparison.Ordinal), "{macs: [\"52:54:00:00:00:11\"]}");
        var web = place.Add("web", 1);
        Hosts.Tests.Hosts.Shell.Run("nsenter", $"--net={place.Host.Path}", "bridge", "link", "set", "dev", web.Ifname, "hairpin", "on").Ok();
        using var nested = Nested.Behind(web, "10.9.0.11/16");
        var frames = place.Captured(() => TopologyPlace.Ping(web, "10.9.0.11", "-I", "10.9.0.1"));
        Assert.Equal("web/0 from_vm 20, web/0 to_vm 20", TopologyPlace.Hooks(frames));
        // Each packet passes both hooks of the interface as one of the connection, and is counted at both.
        Assert.Equal(["segment 1: web/0 10.9.0.1 > web/0 10.9.0.11 20/20"], place.Sessions());
        Assert.Equal("", place.Drops());
    }
}
