using System.Reflection;
using System.Xml.Linq;
using Merlon.Libvirt.Events;
using Merlon.Libvirt.Native;
using Xunit;

namespace Merlon.Fast.Tests.Libvirt;

/// <summary>libvirt publishes its API as XML (package libvirt-dev); what Merlon declares must be in it.</summary>
public class LibvirtNativeTests
{
    private const string ApiFile = "/usr/share/libvirt/api/libvirt-api.xml";

    [Fact]
    public void Every_declared_function_exists_with_as_many_arguments()
    {
        var functions = Api().Descendants("function").ToDictionary(f => f.Attribute("name")!.Value, f => f.Elements("arg").Count());
        var declared = typeof(LibvirtNative).GetMethods(BindingFlags.Static | BindingFlags.NonPublic).Where(m => m.Name.StartsWith("vir", StringComparison.Ordinal)).ToList();
        Assert.True(declared.Count > 20);
        foreach (var method in declared)
        {
            Assert.True(functions.TryGetValue(method.Name, out var arguments), $"libvirt has no {method.Name}");
            Assert.Equal((method.Name, arguments), (method.Name, method.GetParameters().Length));
        }
    }

    [Fact]
    public void The_function_of_libvirt_qemu_exists_with_as_many_arguments()
    {
        const string file = "/usr/share/libvirt/api/libvirt-qemu-api.xml";
        Assert.SkipUnless(File.Exists(file), $"{file} is not here: install libvirt-dev");
        var function = XElement.Load(file).Descendants("function").Single(f => f.Attribute("name")!.Value == nameof(LibvirtQemuNative.virDomainQemuMonitorCommand));
        Assert.Equal(4, function.Elements("arg").Count());
    }

    [Theory]
    [InlineData(DomainEventKind.Defined, "VIR_DOMAIN_EVENT_DEFINED")]
    [InlineData(DomainEventKind.Undefined, "VIR_DOMAIN_EVENT_UNDEFINED")]
    [InlineData(DomainEventKind.Started, "VIR_DOMAIN_EVENT_STARTED")]
    [InlineData(DomainEventKind.Suspended, "VIR_DOMAIN_EVENT_SUSPENDED")]
    [InlineData(DomainEventKind.Resumed, "VIR_DOMAIN_EVENT_RESUMED")]
    [InlineData(DomainEventKind.Stopped, "VIR_DOMAIN_EVENT_STOPPED")]
    [InlineData(DomainEventKind.Shutdown, "VIR_DOMAIN_EVENT_SHUTDOWN")]
    [InlineData(DomainEventKind.PmSuspended, "VIR_DOMAIN_EVENT_PMSUSPENDED")]
    [InlineData(DomainEventKind.Crashed, "VIR_DOMAIN_EVENT_CRASHED")]
    public void Lifecycle_events_have_libvirts_numbers(DomainEventKind kind, string name) => Assert.Equal(EnumValue(name), (int)kind);

    [Theory]
    [InlineData(DomainEventSource.Lifecycle, "VIR_DOMAIN_EVENT_ID_LIFECYCLE")]
    [InlineData(DomainEventSource.DeviceAdded, "VIR_DOMAIN_EVENT_ID_DEVICE_ADDED")]
    [InlineData(DomainEventSource.DeviceRemoved, "VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED")]
    [InlineData(DomainEventSource.MetadataChange, "VIR_DOMAIN_EVENT_ID_METADATA_CHANGE")]
    public void Event_ids_are_libvirts(int id, string name) => Assert.Equal(EnumValue(name), id);

    private static int EnumValue(string name) => int.Parse(
        Api().Descendants("enum").Single(e => e.Attribute("name")!.Value == name).Attribute("value")!.Value, System.Globalization.CultureInfo.InvariantCulture);

    private static XElement Api()
    {
        Assert.SkipUnless(File.Exists(ApiFile), $"{ApiFile} is not here: install libvirt-dev");
        return XElement.Load(ApiFile);
    }
}
