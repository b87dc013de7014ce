namespace Merlon.Policy.Model;

/// <summary>Where a rule stands: <c>tenant/policy/rule@revision</c>, or <c>default</c>, or <c>builtin/NAME</c>.</summary>
public readonly record struct RuleRef(string Tenant, string Policy, string Rule, long Revision) : IComparable<RuleRef>
{
    /// <summary>The tenant's default decided.</summary>
    public static RuleRef Default { get; } = new("", "", "default", 0);

    /// <summary>A rule of the kernel program itself: arp, nd, dhcp, group.</summary>
    public static RuleRef Builtin(string name) => new("", "builtin", name, 0);

    public int CompareTo(RuleRef other)
    {
        var c = string.CompareOrdinal(Tenant, other.Tenant);
        if (c == 0) c = string.CompareOrdinal(Policy, other.Policy);
        if (c == 0) c = string.CompareOrdinal(Rule, other.Rule);
        return c != 0 ? c : Revision.CompareTo(other.Revision);
    }

    public override string ToString() =>
        Tenant.Length > 0 ? $"{Tenant}/{Policy}/{Rule}@{Revision}" : Policy.Length > 0 ? $"{Policy}/{Rule}" : Rule;
}
