using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>A set of endpoints: Select, Cidrs and Groups united, minus Except.</summary>
/// <param name="Select">Null = selects no VM.</param>
/// <param name="SharedWith">Tenants that may name this group.</param>
public sealed record GroupDocument(
    string Tenant, string Name, ImmutableSortedDictionary<string, string> Annotations, Position Position,
    Selector? Select, ImmutableArray<Prefix> Cidrs, ImmutableArray<Reference> Groups, ImmutableArray<Reference> Except,
    ImmutableArray<string> SharedWith) : Document(Tenant, Name, Annotations, Position)
{
    public override string Kind => "Group";
}
