using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>Settings of the tenant <see cref="Document.Name"/>; the document itself belongs to <c>platform</c>.</summary>
public sealed record TenantDocument(
    string Tenant, string Name, ImmutableSortedDictionary<string, string> Annotations, Position Position,
    RuleAction DefaultOut, RuleAction DefaultIn) : Document(Tenant, Name, Annotations, Position)
{
    public override string Kind => "Tenant";
}
