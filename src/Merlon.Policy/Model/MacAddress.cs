using System.Globalization;

namespace Merlon.Policy.Model;

/// <summary>A 48-bit MAC address; text form <c>52:54:00:00:00:05</c>.</summary>
public readonly record struct MacAddress(ulong Bits) : IComparable<MacAddress>
{
    public static bool TryParse(string? text, out MacAddress mac)
    {
        mac = default;
        if (text is null || text.Length != 17) return false;
        ulong bits = 0;
        for (var i = 0; i < 6; i++)
        {
            if (i > 0 && text[i * 3 - 1] != ':') return false;
            if (!byte.TryParse(text.AsSpan(i * 3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var b)) return false;
            bits = bits << 8 | b;
        }
        mac = new(bits);
        return true;
    }

    /// <summary>Writes 6 bytes in wire order.</summary>
    public void Write(Span<byte> six)
    {
        for (var i = 0; i < 6; i++) six[i] = (byte)(Bits >> (40 - 8 * i));
    }

    public int CompareTo(MacAddress other) => Bits.CompareTo(other.Bits);

    public override string ToString() => string.Create(17, Bits, static (text, bits) =>
    {
        for (var i = 0; i < 6; i++)
        {
            if (i > 0) text[i * 3 - 1] = ':';
            ((byte)(bits >> (40 - 8 * i))).TryFormat(text[(i * 3)..], out _, "x2", CultureInfo.InvariantCulture);
        }
    });
}
