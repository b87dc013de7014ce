using Merlon.Libvirt.Metadata;

namespace Merlon.Libvirt.Domains;

/// <summary>One VM as libvirt describes it. Uuid is lower case with dashes.</summary>
/// <param name="PolicyInside">Text of urn:merlon:policy:1, as untrusted as all of the XML; null = none, empty = not one element of text.</param>
public sealed record DomainInfo(
    string Uuid, string Name, bool Running, IReadOnlyList<DomainNic> Nics, VmMetadata Metadata, string? PolicyInside = null);
