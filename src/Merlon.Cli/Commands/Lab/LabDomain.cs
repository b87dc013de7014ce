using System.Xml.Linq;

namespace Merlon.Cli.Commands.Lab;

/// <summary>Writes the libvirt domain of a lab VM. It names no host, so that it means the same on each: paths are as the host's QEMU sees them (lab/host.sh).</summary>
internal static class LabDomain
{
    private static readonly XNamespace Merlon = "urn:merlon:1";

    public static string ProbeSocket(string vm, int line) => $"/run/libvirt/probe/{vm}.{line}.sock";

    public static string Xml(LabVm vm, LabGuest guest, bool kvm) => new XElement("domain",
        new XAttribute("type", kvm ? "kvm" : "qemu"),
        new XElement("name", vm.Name),
        new XElement("uuid", vm.Uuid),
        vm.Tenant is null ? null : new XElement("metadata", Metadata(vm)),
        new XElement("memory", new XAttribute("unit", "MiB"), 128),
        new XElement("vcpu", 1),
        new XElement("os",
            new XElement("type", new XAttribute("arch", "x86_64"), new XAttribute("machine", "q35"), "hvm"),
            new XElement("kernel", guest.Kernel),
            new XElement("initrd", guest.Initrd),
            new XElement("cmdline", CommandLine(vm))),
        new XElement("features", new XElement("acpi")),
        kvm ? new XElement("cpu", new XAttribute("mode", "host-passthrough")) : null,
        Devices(vm)).ToString();

    private static string CommandLine(LabVm vm) =>
        $"console=ttyS0 quiet loglevel=3 panic=1 no_timer_check mitigations=off vmname={vm.Name} vmaddr={vm.Ip4}/24,{vm.Ip6}/64";

    private static XElement Metadata(LabVm vm) => new(Merlon + "vm",
        new XAttribute(XNamespace.Xmlns + "merlon", Merlon.NamespaceName),
        new XAttribute("tenant", vm.Tenant!),
        vm.Labels.Select(l => new XElement(Merlon + "label", new XAttribute("name", l.Key), new XAttribute("value", l.Value))),
        new XElement(Merlon + "nic", new XAttribute("mac", vm.Mac), new XAttribute("network", LabPlan.Bridge),
            new XElement(Merlon + "address", vm.Ip4), new XElement(Merlon + "address", vm.Ip6)));

    private static XElement Devices(LabVm vm) => new("devices",
        new XElement("controller", new XAttribute("type", "usb"), new XAttribute("model", "none")),
        new XElement("interface", new XAttribute("type", "bridge"),
            new XElement("mac", new XAttribute("address", vm.Mac)),
            new XElement("source", new XAttribute("bridge", LabPlan.Bridge)),
            new XElement("model", new XAttribute("type", "virtio"))),
        new XElement("serial", new XAttribute("type", "pty"),
            new XElement("log", new XAttribute("file", $"/var/log/libvirt/{vm.Name}.console"))),
        Enumerable.Range(1, ProbeLine.Lines).Select(line => new XElement("channel", new XAttribute("type", "unix"),
            new XElement("source", new XAttribute("mode", "bind"), new XAttribute("path", ProbeSocket(vm.Name, line))),
            new XElement("target", new XAttribute("type", "virtio"), new XAttribute("name", $"org.merlon.probe.{line}")))),
        new XElement("memballoon", new XAttribute("model", "none")));
}
