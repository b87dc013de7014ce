namespace Merlon.Policy.Model;

/// <summary><c>any | group/[TENANT/]NAME | vm/NAME-or-UUID | cidr/PREFIX</c>, in Guards also <c>network/NAME | nic/VM/INDEX</c>.</summary>
/// <param name="Tenant">Group: the tenant as written, empty = the document's own.</param>
/// <param name="Name">Group, VM or network name, or the VM of a nic.</param>
/// <param name="Prefix">Cidr only.</param>
/// <param name="Index">Nic only.</param>
public sealed record Reference(ReferenceKind Kind, string Tenant, string Name, Prefix Prefix, int Index, Position Position)
{
    public override string ToString() => Kind switch
    {
        ReferenceKind.Any => "any",
        ReferenceKind.Group => Tenant.Length > 0 ? $"group/{Tenant}/{Name}" : $"group/{Name}",
        ReferenceKind.Vm => $"vm/{Name}",
        ReferenceKind.Cidr => $"cidr/{Prefix}",
        ReferenceKind.Network => $"network/{Name}",
        _ => $"nic/{Name}/{Index}",
    };
}
