using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>What becomes of live connections that a new sequence forbids, where they are not cut at once.</summary>
/// <param name="From">Only a host that has this sequence in force takes the step: one that missed it cannot tell what it forbids.</param>
/// <param name="Until">Unix seconds: they are cut then; null = they go on to their own end.</param>
/// <param name="Tenants">Whose documents it changed: it speaks for their VMs alone, <c>platform</c> for all.</param>
public sealed record ConnectionStep(ulong From, long? Until, ImmutableArray<string> Tenants)
{
    /// <summary>Where place and Guard stay as they are, and for whom it speaks.</summary>
    public bool Spares(string tenant, NicStamp before, NicStamp after) =>
        before.Place == after.Place && (Tenants.Contains(tenant) || Tenants.Contains(Document.Platform));
}
