using System.Xml.Linq;

namespace Merlon.Libvirt.Domains;

/// <summary>A VM that can never run: its only disk is nowhere, which libvirt finds after it called the hooks of <c>prepare</c> and before it
/// makes anything. Asking libvirt to start it shows whether hooks are called.</summary>
internal static class ProbeDomain
{
    public static string Xml(string name, string uuid, bool kvm) => new XElement("domain", new XAttribute("type", kvm ? "kvm" : "qemu"),
        new XElement("name", name),
        new XElement("uuid", uuid),
        new XElement("memory", new XAttribute("unit", "MiB"), 16),
        new XElement("os", new XElement("type", "hvm")),
        new XElement("devices",
            new XElement("disk", new XAttribute("type", "file"), new XAttribute("device", "disk"),
                new XElement("source", new XAttribute("file", "/nonexistent/merlon-probe")),
                new XElement("target", new XAttribute("dev", "vda"), new XAttribute("bus", "virtio"))))).ToString();
}
