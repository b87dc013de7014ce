using Merlon.Libvirt.Domains;
using Xunit;

namespace Merlon.Fast.Tests.Libvirt;

public class DomainXmlTests
{
    private const string Uuid = "6d65726c-6f6e-4000-8000-525400080005";

    [Fact]
    public void A_running_domain_is_read_with_its_taps()
    {
        var domain = DomainXml.Parse(Domain("""
            <interface type='bridge'><mac address='52:54:00:AA:00:05'/><source bridge='br0'/><target dev='vnet3'/><alias name='net0'/></interface>
            <interface type='network'><mac address='52:54:00:aa:00:06'/><source network='default' bridge='virbr0'/><target dev='vnet4'/><alias name='net1'/></interface>
            """));
        Assert.Equal((Uuid, "web-1", true), (domain.Uuid, domain.Name, domain.Running));
        Assert.Equal(new DomainNic(0, "52:54:00:aa:00:05", "bridge", "br0", "vnet3", null, "br0"), domain.Nics[0]);
        Assert.Equal(new DomainNic(1, "52:54:00:aa:00:06", "network", "default", "vnet4", null, "virbr0"), domain.Nics[1]);
    }

    [Fact]
    public void An_interface_keeps_its_index_when_one_before_it_is_unplugged() =>
        Assert.Equal([1, 2], DomainXml.Parse(Domain(Nic("net1") + Nic("net2"))).Nics.Select(n => n.Index));

    [Fact]
    public void Interfaces_without_libvirts_alias_take_the_free_places() =>
        Assert.Equal([1, 0, 2], DomainXml.Parse(Domain(Nic("ua-mine") + Nic("net0") + Nic("net0"))).Nics.Select(n => n.Index));

    [Theory]
    [InlineData("hostdev")]
    [InlineData("vhostuser")]
    [InlineData("direct")]
    [InlineData("user")]
    [InlineData("vdpa")]
    [InlineData("tomorrows-type")]
    public void An_interface_without_a_tap_says_why_it_cannot_be_guarded(string kind) =>
        Assert.NotNull(DomainXml.Parse(Domain($"<interface type='{kind}'><mac address='52:54:00:00:00:05'/></interface>")).Nics[0].CannotGuard);

    [Fact]
    public void Interfaces_hidden_in_metadata_are_not_interfaces() =>
        Assert.Empty(DomainXml.Parse(Domain("", $"<x:y xmlns:x='urn:x'><devices>{Nic("net0")}</devices></x:y>")).Nics);

    [Theory]
    [InlineData("")]
    [InlineData("no xml")]
    [InlineData("<network/>")]
    [InlineData("<domain><name>a</name></domain>")]
    [InlineData("<domain><name>a</name><uuid>not one</uuid></domain>")]
    [InlineData("<domain><name/><uuid>6d65726c-6f6e-4000-8000-525400080005</uuid></domain>")]
    [InlineData("<domain><name>a</name><uuid>6d65726c-6f6e-4000-8000-525400080005</uuid>")]
    [InlineData("<!DOCTYPE domain [<!ENTITY a 'b'>]><domain><name>&a;</name><uuid>6d65726c-6f6e-4000-8000-525400080005</uuid></domain>")]
    [InlineData("<!DOCTYPE domain SYSTEM 'file:///etc/passwd'><domain/>")]
    public void What_is_no_domain_is_refused(string xml) => Assert.Throws<FormatException>(() => DomainXml.Parse(xml));

    [Theory]
    [InlineData("52:54:00:00:00")]
    [InlineData("52:54:00:00:00:05:06")]
    [InlineData("52-54-00-00-00-05")]
    [InlineData("52:54:00:00:00:05\n")]
    [InlineData("")]
    public void An_interface_with_a_bad_mac_is_refused(string mac) =>
        Assert.Throws<FormatException>(() => DomainXml.Parse(Domain($"<interface type='bridge'><mac address='{mac}&#10;'/></interface>")));

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("<a>", 200_000)) + string.Concat(Enumerable.Repeat("</a>", 200_000));
        Assert.Throws<FormatException>(() => DomainXml.Parse(Domain("", deep)));
    }

    [Fact]
    public void A_text_of_many_megabytes_is_refused() =>
        Assert.Throws<FormatException>(() => DomainXml.Parse(Domain("", $"<a>{new string('x', 5_000_000)}</a>")));

    internal static string Domain(string devices, string metadata = "") => $"""
        <domain type='qemu' id='1'><name>web-1</name><uuid>{Uuid}</uuid>
        <metadata>{metadata}</metadata><devices><emulator>/x</emulator>{devices}</devices></domain>
        """;

    private static string Nic(string alias) =>
        $"<interface type='bridge'><mac address='52:54:00:00:00:05'/><source bridge='br0'/><alias name='{alias}'/></interface>";
}
