using System.Globalization;
using System.Xml.Linq;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Gate;

/// <summary>A VM that floods from its first moment (first.c) with datagrams that no rule allows.</summary>
/// <param name="Number">1 to 250; in every datagram.</param>
public sealed record FloodGuest(string Name, int Number, string Folder)
{
    private static readonly XNamespace Merlon = "urn:merlon:1";

    public string Uuid => $"6d65726c-6f6e-4000-8000-5254000901{Number:x2}";

    public string Mac => $"52:54:00:09:01:{Number:x2}";

    public string Ip4 => $"10.9.1.{Number}";

    private string Console => Path.Combine(Folder, Name + ".console");

    /// <summary>What it says it sent and got; null before it came that far.</summary>
    public (long Sent, long Got)? Said()
    {
        if (!File.Exists(Console)) return null;
        using var reader = new StreamReader(new FileStream(Console, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        var last = reader.ReadToEnd().Split('\n').LastOrDefault(l => l.StartsWith("SENT ", StringComparison.Ordinal) && l.EndsWith('\r'))?.Split(' ');
        return last is null ? null : (long.Parse(last[1], CultureInfo.InvariantCulture), long.Parse(last[3], CultureInfo.InvariantCulture));
    }

    /// <summary>Before it starts again.</summary>
    public void Forget() => File.Delete(Console);

    public string Xml(FloodImage image, Guest target) => new XElement("domain",
        new XAttribute("type", "qemu"), // floods as well emulated, and the same on every machine
        new XElement("name", Name),
        new XElement("uuid", Uuid),
        new XElement("metadata", new XElement(Merlon + "vm", new XAttribute(XNamespace.Xmlns + "merlon", Merlon.NamespaceName), new XAttribute("tenant", "shop"),
            new XElement(Merlon + "nic", new XAttribute("mac", Mac), new XAttribute("network", "br0"), new XElement(Merlon + "address", Ip4)))),
        new XElement("memory", new XAttribute("unit", "MiB"), 96),
        new XElement("vcpu", 1),
        new XElement("os",
            new XElement("type", new XAttribute("arch", "x86_64"), new XAttribute("machine", "q35"), "hvm"),
            new XElement("kernel", image.Kernel),
            new XElement("initrd", image.Initrd),
            new XElement("cmdline", $"console=ttyS0 quiet loglevel=3 panic=1 no_timer_check mitigations=off vmid={Number} vmip={Ip4} toip={target.Ip4} tomac={target.Mac}")),
        new XElement("features", new XElement("acpi")),
        new XElement("devices",
            new XElement("controller", new XAttribute("type", "usb"), new XAttribute("model", "none")),
            new XElement("interface", new XAttribute("type", "bridge"),
                new XElement("mac", new XAttribute("address", Mac)),
                new XElement("source", new XAttribute("bridge", "br0")),
                new XElement("model", new XAttribute("type", "virtio"))),
            new XElement("serial", new XAttribute("type", "pty"), new XElement("log", new XAttribute("file", Console))),
            new XElement("memballoon", new XAttribute("model", "none")))).ToString();
}
