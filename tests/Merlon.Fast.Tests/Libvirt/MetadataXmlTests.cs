using Merlon.Libvirt.Domains;
using Merlon.Libvirt.Metadata;
using Xunit;

namespace Merlon.Fast.Tests.Libvirt;

public class MetadataXmlTests
{
    [Fact]
    public void Tenant_labels_and_addresses_are_read()
    {
        var metadata = Read("""
            <vm xmlns='urn:merlon:1' tenant='shop'><label name='tier' value='web'/><label name='zone' value=''/>
            <nic mac='52:54:00:AA:00:05' network='br0'><address>10.8.0.5</address><address> FD00:8:0::5 </address><address>fd00:8::5</address></nic></vm>
            """);
        Assert.Null(metadata.Refused);
        Assert.Equal("shop", metadata.Tenant);
        Assert.Equal([("tier", "web"), ("zone", "")], metadata.Labels.Select(l => (l.Key, l.Value)).Order());
        var nic = Assert.Single(metadata.Nics);
        Assert.Equal(("52:54:00:aa:00:05", "br0"), (nic.Mac, nic.Network));
        Assert.Equal(["10.8.0.5", "fd00:8::5"], nic.Addresses);
    }

    [Fact]
    public void No_element_means_no_metadata() => Assert.Equal(VmMetadata.None, Read("<other xmlns='urn:other'/>"));

    [Fact]
    public void The_same_name_in_another_namespace_is_not_ours() => Assert.Equal(VmMetadata.None, Read("<vm tenant='shop'/>"));

    [Theory]
    [InlineData("<vm xmlns='urn:merlon:1' tenant='shop'/><vm xmlns='urn:merlon:1' tenant='rival'/>")]
    [InlineData("<vm xmlns='urn:merlon:1' tenant='../shop'/>")]
    [InlineData("<vm xmlns='urn:merlon:1' tenant=''/>")]
    [InlineData("<vm xmlns='urn:merlon:1' tenant='shop&#10;'/>")]
    [InlineData("<vm xmlns='urn:merlon:1'><lable name='tier' value='web'/></vm>")]
    [InlineData("<vm xmlns='urn:merlon:1'><label name='tier' value='web'/><label name='tier' value='db'/></vm>")]
    [InlineData("<vm xmlns='urn:merlon:1'><label name='' value='web'/></vm>")]
    [InlineData("<vm xmlns='urn:merlon:1'><label name='tier' value='a&#10;b'/></vm>")]
    [InlineData("<vm xmlns='urn:merlon:1'><nic mac='52:54:00:00:00'/></vm>")]
    [InlineData("<vm xmlns='urn:merlon:1'><nic mac='52:54:00:00:00:05' network='a b'/></vm>")]
    public void One_wrong_part_refuses_the_whole_element(string xml) => Refused(xml);

    [Theory]
    [InlineData("10.8")]
    [InlineData("010.8.0.5")]
    [InlineData("0x0a080005")]
    [InlineData("10.8.0.5/24")]
    [InlineData("::ffff:10.8.0.5")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[fd00::1]")]
    [InlineData("[fd00::1]:80")]
    [InlineData("")]
    [InlineData("web-1")]
    public void What_is_not_plainly_an_address_is_refused(string address) =>
        Refused($"<vm xmlns='urn:merlon:1'><nic mac='52:54:00:00:00:05'><address>{address}</address></nic></vm>");

    [Fact]
    public void More_than_the_limits_is_refused()
    {
        var labels = string.Concat(Enumerable.Range(0, 65).Select(i => $"<label name='l{i}' value='x'/>"));
        var nics = string.Concat(Enumerable.Repeat("<nic mac='52:54:00:00:00:05'/>", 65));
        var addresses = string.Concat(Enumerable.Range(0, 65).Select(i => $"<address>10.0.0.{i}</address>"));
        Refused($"<vm xmlns='urn:merlon:1'>{labels}</vm>");
        Refused($"<vm xmlns='urn:merlon:1'>{nics}</vm>");
        Refused($"<vm xmlns='urn:merlon:1'><nic mac='52:54:00:00:00:05'>{addresses}</nic></vm>");
        Refused($"<vm xmlns='urn:merlon:1'><label name='tier' value='{new string('x', 254)}'/></vm>");
    }

    [Fact]
    public void A_refusal_repeats_no_control_characters_and_not_much_text()
    {
        var metadata = Refused($"<vm xmlns='urn:merlon:1' tenant='&#27;[2J{new string('x', 1000)}'/>".Replace("&#27;", "&#x85;", StringComparison.Ordinal));
        Assert.DoesNotContain(metadata.Refused!, char.IsControl);
        Assert.True(metadata.Refused!.Length < 100);
    }

    private static VmMetadata Read(string xml) => DomainXml.Parse(DomainXmlTests.Domain("", xml)).Metadata;

    private static VmMetadata Refused(string xml)
    {
        var metadata = Read(xml);
        Assert.NotNull(metadata.Refused);
        Assert.Equal(VmMetadata.None, metadata with { Refused = null });
        return metadata;
    }
}
