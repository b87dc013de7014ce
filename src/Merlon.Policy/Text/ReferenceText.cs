using System.Globalization;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>References and prefixes from text.</summary>
public static class ReferenceText
{
    private const string Expected = "expected any, group/[TENANT/]NAME, vm/NAME-or-UUID or cidr/PREFIX";
    private const string ExpectedInGuard = Expected + ", network/NAME or nic/VM/INDEX";

    /// <summary>One reference, or why it is none.</summary>
    /// <param name="inGuard">Also network/NAME and nic/VM/INDEX.</param>
    public static Reference? Parse(string text, Position at, bool inGuard, out Problem? problem)
    {
        problem = null;
        if (text == "any") return new(ReferenceKind.Any, "", "", default, 0, at);
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var rest = slash < 0 ? "" : text[(slash + 1)..];
        switch (slash < 0 ? "" : text[..slash])
        {
            case "group": return Group(rest, at, out problem);
            case "vm" when NameRules.IsForeignName(rest): return new(ReferenceKind.Vm, "", rest, default, 0, at);
            case "cidr":
                return ParsePrefix(rest, out problem) is { } prefix ? new(ReferenceKind.Cidr, "", "", prefix, 0, at) : null;
            case "network" when inGuard && NameRules.IsForeignName(rest): return new(ReferenceKind.Network, "", rest, default, 0, at);
            case "nic" when inGuard && Nic(rest, at) is { } nic: return nic;
        }
        problem = new("bad-reference", $"'{text}' is no reference", inGuard ? ExpectedInGuard : Expected);
        return null;
    }

    /// <summary>[TENANT/]NAME of a group.</summary>
    public static Reference? Group(string text, Position at, out Problem? problem)
    {
        problem = null;
        var parts = text.Split('/');
        if (parts.Length <= 2 && parts.All(NameRules.IsName))
            return new(ReferenceKind.Group, parts.Length == 2 ? parts[0] : "", parts[^1], default, 0, at);
        problem = new("bad-reference", $"'{text}' is no group name", "expected [TENANT/]NAME, each " + NameRules.Documents);
        return null;
    }

    /// <summary>A prefix without host bits, or a bare address.</summary>
    public static Prefix? ParsePrefix(string text, out Problem? problem)
    {
        problem = null;
        if (!Prefix.TryParse(text, out var prefix))
            problem = new("bad-prefix", $"'{text}' is no address prefix", "expected 10.0.0.0/8 or 2001:db8::/32");
        else if (!prefix.IsCanonical)
            problem = new("host-bits-set", $"'{text}' has host bits set", $"did you mean '{Canonical(prefix)}' or '{prefix.Network}/{prefix.Network.Width}'?");
        else
            return prefix;
        return null;
    }

    private static Prefix Canonical(Prefix p) =>
        p with { Network = p.Network with { Bits = Prefix.Mask(p.Network.Bits, p.Network.Width, p.Length) } };

    private static Reference? Nic(string text, Position at)
    {
        var slash = text.LastIndexOf('/');
        return slash > 0 && NameRules.IsForeignName(text[..slash])
            && int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < 64
            ? new(ReferenceKind.Nic, "", text[..slash], default, index, at) : null;
    }
}
