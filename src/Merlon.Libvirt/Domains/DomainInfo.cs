using Merlon.Libvirt.Metadata;

namespace Merlon.Libvirt.Domains;

/// <summary>One VM as libvirt describes it. Uuid is lower case with dashes.</summary>
/// <param name="Executes">Its processors run: it is not paused, and not still on its way here.</param>
/// <param name="QemuUser">As whom its QEMU runs; null = libvirt does not say.</param>
/// <param name="PolicyInside">Text of urn:merlon:policy:1, as untrusted as all of the XML; null = none, empty = not one element of text.</param>
public sealed record DomainInfo(
    string Uuid, string Name, bool Running, IReadOnlyList<DomainNic> Nics, VmMetadata Metadata, string? PolicyInside = null, QemuObject Object = QemuObject.None, uint? QemuUser = null, bool Executes = false);
