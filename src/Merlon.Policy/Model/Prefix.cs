using System.Globalization;

namespace Merlon.Policy.Model;

/// <summary>A CIDR prefix without host bits: <c>10.0.0.0/8</c>, <c>2001:db8::/32</c>. Length 0 … 32 or 128.</summary>
public readonly record struct Prefix(Address Network, int Length) : IComparable<Prefix>
{
    public AddressFamily Family => Network.Family;

    /// <summary>The prefix that holds exactly this address.</summary>
    public static Prefix Of(Address address) => new(address, address.Width);

    public bool Contains(Address address) =>
        address.Family == Family && Mask(address.Bits, address.Width, Length) == Network.Bits;

    public bool Contains(Prefix other) => other.Length >= Length && Contains(other.Network);

    /// <summary>True when no bit below <see cref="Length"/> is set.</summary>
    public bool IsCanonical => Mask(Network.Bits, Network.Width, Length) == Network.Bits;

    /// <summary>Parses <c>ADDRESS/LENGTH</c> or a bare address. Host bits are kept: check <see cref="IsCanonical"/>.</summary>
    public static bool TryParse(string? text, out Prefix prefix)
    {
        prefix = default;
        if (text is null) return false;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!Address.TryParse(slash < 0 ? text : text[..slash], out var address)) return false;
        var length = address.Width;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out length)
            || length > address.Width)) return false;
        prefix = new(address, length);
        return true;
    }

    /// <summary>Keeps the upper <paramref name="length"/> of <paramref name="width"/> bits.</summary>
    public static UInt128 Mask(UInt128 bits, int width, int length) =>
        length == 0 ? UInt128.Zero : bits >> (width - length) << (width - length);

    public int CompareTo(Prefix other) =>
        Network.CompareTo(other.Network) is var c and not 0 ? c : Length.CompareTo(other.Length);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Network}/{Length}");
}
