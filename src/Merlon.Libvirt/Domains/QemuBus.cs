using System.Xml.Linq;
using Merlon.Libvirt.Metadata;

namespace Merlon.Libvirt.Domains;

/// <summary>Pure: the object by which a VM's QEMU saves and loads what Merlon gives it (dbus-vmstate), in its XML and as a command of its monitor.</summary>
public static class QemuBus
{
    private const string Id = "merlon", Kind = "dbus-vmstate", Ours = Kind + ",id=" + Id + ",";
    private static readonly XNamespace s_qemu = "http://libvirt.org/schemas/domain/qemu/1.0";

    /// <summary>The XML with the object on QEMU's command line, in place of the one of the host that the VM left. Throws FormatException.</summary>
    /// <param name="socket">Path without comma.</param>
    public static string Into(string xml, string socket)
    {
        var root = SafeXml.Load(xml);
        Remove(root);
        if (root.Element(s_qemu + "commandline") is not { } line)
        {
            if (root.GetPrefixOfNamespace(s_qemu) is null) root.SetAttributeValue(XNamespace.Xmlns + "qemu", s_qemu.NamespaceName);
            root.Add(line = new(s_qemu + "commandline"));
        }
        line.Add(Argument("-object"), Argument($"{Ours}addr=unix:path={socket},id-list={Id}"));
        return root.ToString(SaveOptions.DisableFormatting);
    }

    internal static QemuObject Of(XElement root) =>
        Arguments(root).Any(IsOurs) ? QemuObject.Argument
        : root.Elements("metadata").Elements().Any(e => e.Name.NamespaceName == MetadataXml.CarriedSpace) ? QemuObject.Added
        : QemuObject.None;

    public static string Add(string socket) =>
        $$$"""{"execute":"object-add","arguments":{"qom-type":"{{{Kind}}}","id":"{{{Id}}}","addr":"unix:path={{{socket}}}","id-list":"{{{Id}}}"}}""";

    public static string Delete { get; } = $$$"""{"execute":"object-del","arguments":{"id":"{{{Id}}}"}}""";

    private static void Remove(XElement root)
    {
        foreach (var argument in Arguments(root).Where(IsOurs).ToList())
        {
            if (argument.ElementsBeforeSelf().LastOrDefault() is { } before && Value(before) == "-object") before.Remove();
            argument.Remove();
        }
    }

    private static IEnumerable<XElement> Arguments(XElement root) => root.Elements(s_qemu + "commandline").Elements(s_qemu + "arg");

    private static bool IsOurs(XElement argument) => Value(argument).StartsWith(Ours, StringComparison.Ordinal);

    private static string Value(XElement argument) => argument.Attribute("value")?.Value ?? "";

    private static XElement Argument(string value) => new(s_qemu + "arg", new XAttribute("value", value));
}
