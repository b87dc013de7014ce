using System.Collections.Immutable;
using Merlon.Policy.Cases;

namespace Merlon.Policy.Model;

/// <summary>Cases that a tenant keeps beside its policy.</summary>
public sealed record PolicyTestDocument(
    string Tenant, string Name, ImmutableSortedDictionary<string, string> Annotations, Position Position,
    ImmutableArray<CaseRow> Cases) : Document(Tenant, Name, Annotations, Position)
{
    public override string Kind => "PolicyTest";
}
