using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Merlon.Libvirt.Metadata;

/// <summary>Reads the element <c>urn:merlon:1</c> out of a domain's metadata; everything in it is bounded and checked.</summary>
internal static partial class MetadataXml
{
    internal const int MaxLabels = 64, MaxNics = 64, MaxAddresses = 64;
    internal const string PolicySpace = "urn:merlon:policy:1";
    /// <summary>In the metadata of a VM that runs: its QEMU has the object of <see cref="Domains.QemuBus"/>. Goes where the VM goes.</summary>
    internal const string CarriedSpace = "urn:merlon:carried:1";
    private static readonly XNamespace Space = "urn:merlon:1";

    /// <summary>Null = no such element; empty = more than one, or another than &lt;policy&gt; with text: something is there and counts for nothing.</summary>
    internal static string? PolicyInside(XElement? metadata)
    {
        var elements = metadata?.Elements().Where(e => e.Name.NamespaceName == PolicySpace).ToList() ?? [];
        if (elements.Count == 0)
            return null;
        return elements is [var one] && one.Name.LocalName == "policy" && !one.HasElements ? one.Value.Trim() : "";
    }

    internal static VmMetadata Read(XElement? metadata)
    {
        var elements = metadata?.Elements(Space + "vm").ToList() ?? [];
        if (elements.Count == 0)
            return VmMetadata.None;
        try
        {
            return elements.Count == 1 ? ReadVm(elements[0]) : throw new FormatException("more than one <vm> of urn:merlon:1");
        }
        catch (FormatException error)
        {
            return VmMetadata.None with { Refused = error.Message };
        }
    }

    private static VmMetadata ReadVm(XElement vm)
    {
        foreach (var child in vm.Elements())
        {
            if (child.Name != Space + "label" && child.Name != Space + "nic")
                throw new FormatException($"unknown element <{Shown(child.Name.LocalName)}> in <vm>");
        }

        var tenant = vm.Attribute("tenant")?.Value;
        if (tenant is not null && !NamePattern().IsMatch(tenant))
            throw new FormatException($"'{Shown(tenant)}' is not a tenant name");
        return new VmMetadata(tenant, ReadLabels(vm), Bounded(vm.Elements(Space + "nic"), MaxNics, "nics").Select(ReadNic).ToList());
    }

    private static Dictionary<string, string> ReadLabels(XElement vm)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in Bounded(vm.Elements(Space + "label"), MaxLabels, "labels"))
        {
            var name = label.Attribute("name")?.Value ?? "";
            var value = label.Attribute("value")?.Value ?? "";
            if (!LabelPattern().IsMatch(name))
                throw new FormatException($"'{Shown(name)}' is not a label name");
            if (value.Length > 253 || value.Any(char.IsControl))
                throw new FormatException($"label {name}: the value is longer than 253 characters or has control characters");
            if (!labels.TryAdd(name, value))
                throw new FormatException($"label {name} is given twice");
        }

        return labels;
    }

    private static MetadataNic ReadNic(XElement nic)
    {
        var mac = nic.Attribute("mac")?.Value ?? "";
        if (!MacPattern().IsMatch(mac))
            throw new FormatException($"'{Shown(mac)}' is not a MAC address");
        var network = nic.Attribute("network")?.Value;
        if (network is not null && !LabelPattern().IsMatch(network))
            throw new FormatException($"'{Shown(network)}' is not a network name");
        var addresses = Bounded(nic.Elements(Space + "address"), MaxAddresses, "addresses of a nic").Select(ReadAddress);
        return new MetadataNic(mac.ToLowerInvariant(), network, addresses.Distinct().ToList());
    }

    // IPAddress.TryParse takes "10.8" and "010.8.0.5" for something else than people mean: only canonical IPv4 counts.
    private static string ReadAddress(XElement element)
    {
        var text = element.Value.Trim();
        var good = text.Length <= 45
            && !text.Contains('%', StringComparison.Ordinal)
            && !text.Contains('[', StringComparison.Ordinal)
            && IPAddress.TryParse(text, out var address)
            && (address.AddressFamily == AddressFamily.InterNetworkV6 ? !address.IsIPv4MappedToIPv6 : address.ToString() == text);
        return good ? IPAddress.Parse(text).ToString() : throw new FormatException($"'{Shown(text)}' is not an IP address");
    }

    private static List<XElement> Bounded(IEnumerable<XElement> elements, int limit, string what)
    {
        var list = elements.Take(limit + 1).ToList();
        return list.Count <= limit ? list : throw new FormatException($"more than {limit} {what}");
    }

    // A refused text lands in logs and terminals: short, and no control characters.
    private static string Shown(string text) =>
        new([.. text.Take(40).Select(c => char.IsControl(c) ? '?' : c)]);

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex LabelPattern();

    [GeneratedRegex("^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex MacPattern();
}
