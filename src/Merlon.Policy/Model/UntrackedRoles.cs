namespace Merlon.Policy.Model;

/// <summary>What both ends are to a packet that needs no connection.</summary>
internal static class UntrackedRoles
{
    /// <summary>Two that see each other's MAC must be each other's counterpart, else the packet is tracked.</summary>
    /// <param name="near">They see each other, and both are guarded.</param>
    public static (UntrackedRole From, UntrackedRole To) Agreed(UntrackedRole from, UntrackedRole to, bool near) =>
        near && (from | to) != (UntrackedRole.Serves | UntrackedRole.Asks) ? default : (from, to);
}
