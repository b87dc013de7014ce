using Merlon.Libvirt.Metadata;

namespace Merlon.Libvirt.Domains;

/// <summary>One VM as libvirt describes it. Uuid is lower case with dashes.</summary>
public sealed record DomainInfo(
    string Uuid, string Name, bool Running, IReadOnlyList<DomainNic> Nics, VmMetadata Metadata);
