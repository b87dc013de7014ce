using System.Xml.Linq;
using Merlon.Libvirt.Domains;
using Xunit;

namespace Merlon.Fast.Tests.Libvirt;

public class QemuBusTests
{
    private const string Plain = "<domain type='kvm'><name>a</name><uuid>00000000-0000-4000-8000-000000000001</uuid><metadata><p xmlns='urn:merlon:policy:1'>x&lt;y</p></metadata><devices/></domain>";

    [Fact]
    public void The_object_is_added_and_the_rest_stays()
    {
        var changed = QemuBus.Into(Plain, "/run/merlon/board/u");
        Assert.Equal(["-object", "dbus-vmstate,id=merlon,addr=unix:path=/run/merlon/board/u,id-list=merlon"], Arguments(changed));
        Assert.Equal((QemuObject.Argument, QemuObject.None), (DomainXml.Parse(changed).Object, DomainXml.Parse(Plain).Object));
        var without = XElement.Parse(changed);
        without.LastNode!.Remove();
        without.Attribute(XNamespace.Xmlns + "qemu")!.Remove();
        Assert.True(XNode.DeepEquals(XElement.Parse(Plain), without));
    }

    [Fact]
    public void The_object_of_the_host_that_it_left_gives_way_and_other_arguments_stay()
    {
        var there = Plain.Replace("<domain ", "<domain xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0' ", StringComparison.Ordinal).Replace("<devices/>",
            "<q:commandline><q:arg value='-object'/><q:arg value='dbus-vmstate,id=merlon,addr=unix:path=/run/other,id-list=merlon'/><q:arg value='-trace'/><q:arg value='x'/><q:env name='A' value='B'/></q:commandline><devices/>", StringComparison.Ordinal);
        Assert.Equal(["-trace", "x", "-object", "dbus-vmstate,id=merlon,addr=unix:path=/run/merlon/board/u,id-list=merlon"], Arguments(QemuBus.Into(there, "/run/merlon/board/u")));
    }

    /// <summary>A VM that carries Merlon's policy and no mark has no such object.</summary>
    [Fact]
    public void A_mark_says_that_QEMU_was_given_the_object_while_it_ran()
    {
        var marked = Plain.Replace("<metadata>", "<metadata><merloncarried:carried xmlns:merloncarried='urn:merlon:carried:1'/>", StringComparison.Ordinal);
        Assert.Equal(QemuObject.Added, DomainXml.Parse(marked).Object);
        Assert.Equal(QemuObject.Argument, DomainXml.Parse(QemuBus.Into(marked, "/run/u")).Object);
    }

    [Theory]
    [InlineData("<seclabel type='dynamic' model='dac' relabel='yes'><label>+64055:+108</label><imagelabel>+64055:+108</imagelabel></seclabel>", 64055U)]
    [InlineData("<seclabel type='dynamic' model='apparmor' relabel='yes'><label>+1:+1</label></seclabel><seclabel model='dac'><label>+0:+0</label></seclabel>", 0U)]
    [InlineData("<seclabel type='dynamic' model='dac' relabel='yes'/>", null)]
    [InlineData("<seclabel model='dac'><label>qemu:qemu</label></seclabel>", null)]
    [InlineData("", null)]
    public void As_whom_QEMU_runs_stands_in_its_label(string label, uint? user) =>
        Assert.Equal(user, DomainXml.Parse(Plain.Replace("<devices/>", label + "<devices/>", StringComparison.Ordinal)).QemuUser);

    [Fact]
    public void What_is_no_XML_is_refused() => Assert.Throws<FormatException>(() => QemuBus.Into("<domain", "/x"));

    private static IEnumerable<string> Arguments(string xml) => XElement.Parse(xml).Descendants(XName.Get("arg", "http://libvirt.org/schemas/domain/qemu/1.0")).Select(a => a.Attribute("value")!.Value);
}
