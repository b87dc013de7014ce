using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>A named set of services. A tenant's rules see their own and the platform's.</summary>
public sealed record ServiceDocument(
    string Tenant, string Name, ImmutableSortedDictionary<string, string> Annotations, Position Position,
    ImmutableArray<ServiceTerm> Members) : Document(Tenant, Name, Annotations, Position)
{
    public override string Kind => "Service";
}
