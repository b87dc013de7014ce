using Merlon.Libvirt.Domains;

namespace Merlon.Libvirt.Native;

/// <summary>Reads the host's UUID out of virConnectGetCapabilities.</summary>
internal static class CapabilitiesXml
{
    internal static string HostUuid(string xml) =>
        SafeXml.Load(xml).Element("host")?.Element("uuid")?.Value.Trim()
        ?? throw new FormatException("libvirt's capabilities name no host UUID");
}
