using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Merlon.Libvirt.Metadata;

namespace Merlon.Libvirt.Domains;

/// <summary>Pure: a domain's XML (libvirt's, or a hook's stdin) to <see cref="DomainInfo"/>. Throws FormatException.</summary>
public static partial class DomainXml
{
    public static DomainInfo Parse(string xml)
    {
        var root = SafeXml.Load(xml);
        if (root.Name != "domain")
            throw new FormatException($"expected <domain>, found <{root.Name}>");
        if (!Guid.TryParseExact(Text(root, "uuid"), "D", out var uuid))
            throw new FormatException("the domain has no valid <uuid>");
        var name = Text(root, "name");
        if (name.Length == 0)
            throw new FormatException($"domain {uuid} has no <name>");
        // libvirt gives a running domain its id; hooks are given it too.
        var running = root.Attribute("id") is not null;
        return new DomainInfo(uuid.ToString("D"), name, running, ReadNics(root), MetadataXml.Read(root.Element("metadata")),
            MetadataXml.PolicyInside(root.Element("metadata")), QemuBus.Of(root), ReadUser(root));
    }

    // virt-dac: "+USER:+GROUP", once libvirt has decided.
    private static uint? ReadUser(XElement root)
    {
        var label = root.Elements("seclabel").FirstOrDefault(s => s.Attribute("model")?.Value == "dac")?.Element("label")?.Value ?? "";
        return label.StartsWith('+') && uint.TryParse(label[1..].Split(':')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var user) ? user : null;
    }

    private static string Text(XElement parent, string child) => parent.Element(child)?.Value.Trim() ?? "";

    private static List<DomainNic> ReadNics(XElement root)
    {
        var elements = root.Element("devices")?.Elements("interface").ToList() ?? [];
        var taken = new HashSet<int>();
        var indexes = elements.Select(e => AliasIndex(e) is { } n && taken.Add(n) ? n : -1).ToList();
        var nics = new List<DomainNic>(elements.Count);
        var free = 0;
        for (var i = 0; i < elements.Count; i++)
        {
            var index = indexes[i];
            if (index < 0)
            {
                while (!taken.Add(free))
                    free++;
                index = free;
            }

            nics.Add(ReadNic(elements[i], index));
        }

        return nics;
    }

    private static DomainNic ReadNic(XElement element, int index)
    {
        var kind = element.Attribute("type")?.Value ?? "";
        var source = element.Element("source");
        var bridge = source?.Attribute("bridge")?.Value;
        return new DomainNic(
            index,
            ReadMac(element),
            kind,
            source?.Attribute("network")?.Value ?? bridge,
            element.Element("target")?.Attribute("dev")?.Value,
            WhyNot(kind),
            bridge);
    }

    private static string ReadMac(XElement element)
    {
        var mac = element.Element("mac")?.Attribute("address")?.Value ?? "";
        return MacPattern().IsMatch(mac)
            ? mac.ToLowerInvariant()
            : throw new FormatException($"an <interface> has no valid MAC address ('{mac}')");
    }

    private static int? AliasIndex(XElement element)
    {
        var match = AliasPattern().Match(element.Element("alias")?.Attribute("name")?.Value ?? "");
        return match.Success ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;
    }

    // Anything not known to pass through a tap of this kernel is refused, new interface types included.
    private static string? WhyNot(string kind) => kind switch
    {
        "bridge" or "network" or "ethernet" => null,
        "hostdev" => "hostdev: the guest drives the device itself, its packets do not pass the host kernel",
        "vhostuser" => "vhost-user: packets go to another process, not through the host kernel",
        "direct" => "macvtap: Merlon does not guard macvtap interfaces; use a bridge",
        "user" => "user-mode network: QEMU makes the packets itself, there is no tap",
        _ => $"interface type '{kind}' has no tap that Merlon could guard",
    };

    [GeneratedRegex("^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex MacPattern();

    [GeneratedRegex("^net([0-9]{1,4})\\z", RegexOptions.CultureInvariant)]
    private static partial Regex AliasPattern();
}
