using System.Globalization;

namespace Merlon.Datapath.Attach;

/// <summary>Name of a pin in <c>links/</c>: IFINDEX-INCARNATION-PROGRAM, with <c>-clsact</c> behind it where the pin only
/// records a filter (which cannot be pinned).</summary>
internal sealed record PinName(int Ifindex, uint Incarnation, Hook Hook, AttachKind Kind)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Ifindex}-{Incarnation}-{Hook.Program}{(Kind == AttachKind.Clsact ? "-clsact" : "")}");

    /// <summary>Null for a name that this class did not write.</summary>
    public static PinName? Parse(string text)
    {
        var parts = text.Split('-');
        if (parts.Length is not (3 or 4) || parts.Length == 4 && parts[3] != "clsact") return null;
        if (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ifindex)) return null;
        if (!uint.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var incarnation)) return null;
        var hook = Hook.Both.FirstOrDefault(h => h.Program == parts[2]);
        return hook is null ? null : new(ifindex, incarnation, hook, parts.Length == 4 ? AttachKind.Clsact : AttachKind.Tcx);
    }
}
