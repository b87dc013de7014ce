using System.Buffers.Binary;
using System.Net;

namespace Merlon.Policy.Model;

/// <summary>One IPv4 or IPv6 address. <see cref="Bits"/> is the numeric value (IPv4: 0 … 2^32-1). Never IPv4-mapped:
/// <c>::ffff:a.b.c.d</c> parses to the IPv4 address. Text form: RFC 5952.</summary>
public readonly record struct Address(UInt128 Bits, AddressFamily Family) : IComparable<Address>
{
    /// <summary>Width of the family: 32 or 128.</summary>
    public int Width => Family == AddressFamily.IPv4 ? 32 : 128;

    /// <summary>A unicast address that one interface can have: not unspecified, loopback, multicast or broadcast.</summary>
    public bool IsOwnable => Family == AddressFamily.IPv4
        ? (Bits >> 24) is var first && first != 0 && first != 127 && first < 224
        : Bits > 1 && Bits >> 120 != 0xff;

    public static bool TryParse(string? text, out Address address)
    {
        address = default;
        if (text is null || !IsStrict(text) || !IPAddress.TryParse(text, out var ip)) return false;
        address = FromBytes(ip.GetAddressBytes());
        return true;
    }

    /// <summary>The framework reads 010 as octal, 10.1 as 10.0.0.1, and takes ports, zones and brackets: none of these is an address here.</summary>
    private static bool IsStrict(string text)
    {
        if (text.Any(c => !char.IsAsciiHexDigit(c) && c is not (':' or '.'))) return false;
        var dotted = text[(text.LastIndexOf(':') + 1)..];
        if (!dotted.Contains('.')) return text.Contains(':');
        var octets = dotted.Split('.');
        return octets.Length == 4 && octets.All(o => o.Length is > 0 and <= 3 && o.All(char.IsAsciiDigit) && (o.Length == 1 || o[0] != '0'));
    }

    /// <summary>Parses or throws <see cref="FormatException"/>.</summary>
    public static Address Parse(string text) =>
        TryParse(text, out var a) ? a : throw new FormatException($"'{text}' is not an IP address");

    /// <summary>From 4 or 16 bytes in network order; IPv4-mapped becomes IPv4.</summary>
    public static Address FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 4) return new(BinaryPrimitives.ReadUInt32BigEndian(bytes), AddressFamily.IPv4);
        var bits = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return bits >> 32 == 0xffff ? new((uint)bits, AddressFamily.IPv4) : new(bits, AddressFamily.IPv6);
    }

    /// <summary>Writes 16 bytes in network order, IPv4 as IPv4-mapped: the form of datapath/abi.h.</summary>
    public void WriteMapped(Span<byte> sixteen) =>
        BinaryPrimitives.WriteUInt128BigEndian(sixteen, Family == AddressFamily.IPv4 ? Bits | ((UInt128)0xffff << 32) : Bits);

    public int CompareTo(Address other) =>
        Family != other.Family ? Family.CompareTo(other.Family) : Bits.CompareTo(other.Bits);

    public override string ToString()
    {
        Span<byte> b = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(b, Bits);
        return new IPAddress(Family == AddressFamily.IPv4 ? b[12..] : b).ToString();
    }
}
