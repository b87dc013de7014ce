using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>The references of one side of a rule, looked up once.</summary>
/// <param name="Any">Everybody, whatever the sets say.</param>
internal readonly record struct RuleSide(bool Any, AtomSet[] Sets)
{
    public static RuleSide Of(Membership membership, string tenant, IReadOnlyCollection<Reference> references) =>
        references.Any(r => r.Kind == ReferenceKind.Any) ? new(true, []) : new(false, [.. references.Select(r => membership.Of(tenant, r))]);

    /// <summary>The vNIC belongs, by identity or with one of its own addresses.</summary>
    public bool Touches(Atoms atoms, int nic)
    {
        if (Any) return true;
        foreach (var set in Sets)
            if (Touches(set, atoms, nic)) return true;
        return false;
    }

    /// <summary>The vNIC belongs, by identity or with an address that was declared for it.</summary>
    public bool Binds(Atoms atoms, int nic)
    {
        if (Any || Has(nic)) return true;
        foreach (var own in atoms.OwnOf[nic])
            if (Has(atoms.OwnBase + own) && !atoms.Nics[nic].Nic.Learned.Contains(atoms.Own[own].Address)) return true;
        return false;
    }

    /// <summary>The vNIC belongs whatever address it uses.</summary>
    public bool Holds(Atoms atoms, int nic)
    {
        if (Any) return true;
        if (!Has(nic)) return false;
        foreach (var own in atoms.OwnOf[nic])
            if (!Has(atoms.OwnBase + own)) return false;
        return true;
    }

    public static bool Touches(AtomSet set, Atoms atoms, int nic)
    {
        if (set[nic]) return true;
        foreach (var own in atoms.OwnOf[nic])
            if (set[atoms.OwnBase + own]) return true;
        return false;
    }

    private bool Has(int atom)
    {
        foreach (var set in Sets)
            if (set[atom]) return true;
        return false;
    }
}
