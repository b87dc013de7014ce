using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>Which vNICs a group selects; everything given must hold, nothing given = all VMs of the group's tenant
/// (of every tenant for a group of <c>platform</c>).</summary>
/// <param name="Name">Glob on the VM's name: <c>*</c> and <c>?</c>.</param>
public sealed record Selector(ImmutableSortedDictionary<string, string> Labels, ImmutableArray<LabelMatch> Match, string? Name, string? Network);
