using System.Collections.Immutable;

namespace Merlon.Libvirt.Metadata;

/// <summary>
/// What the element urn:merlon:1 of a VM says. Whoever may edit the domain's XML wrote it, so it is untrusted: one
/// wrong part refuses the whole element (Refused says why, all else is empty), since half a label set selects
/// other groups than the writer meant.
/// </summary>
public sealed record VmMetadata(
    string? Tenant,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyList<MetadataNic> Nics,
    string? Refused = null)
{
    public static VmMetadata None { get; } = new(null, ImmutableDictionary<string, string>.Empty, []);
}
