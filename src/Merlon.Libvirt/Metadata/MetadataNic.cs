namespace Merlon.Libvirt.Metadata;

/// <summary>The addresses declared for one interface; Network null matches any network.</summary>
public sealed record MetadataNic(string Mac, string? Network, IReadOnlyList<string> Addresses);
