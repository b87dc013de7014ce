using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>What a vNIC may claim beside its own addresses and MAC ("allowed address pairs"): a virtual router's address (RFC 5798), networks that it routes, nested guests.
/// Others may hold the same licence; it makes nobody an address's owner.</summary>
/// <param name="Addresses">Ascending; at most <see cref="Most"/>.</param>
/// <param name="Macs">Ascending; at most <see cref="Most"/>.</param>
public sealed record Licence(ImmutableArray<Prefix> Addresses, ImmutableArray<MacAddress> Macs)
{
    /// <summary>MERLON_LICENCE_MOST of datapath/abi.h.</summary>
    public const int Most = 8;

    private const int MappedLength = 96;
    private static readonly UInt128 s_mapped = (UInt128)0xffff << 32;

    public static Licence None { get; } = new([], []);

    public bool IsNone => Addresses.IsEmpty && Macs.IsEmpty;

    /// <summary>In ARP and neighbour discovery; a network that it routes is not listed for that.</summary>
    public bool SpeaksFor(Address address) => Addresses.Contains(Prefix.Of(address));

    /// <summary>False of an IPv6 prefix that holds ::ffff:0:0/96, as which the program knows IPv4.</summary>
    public static bool MayList(Prefix prefix) =>
        prefix.Family == AddressFamily.IPv4 || prefix.Length > MappedLength || Prefix.Mask(s_mapped, 128, prefix.Length) != prefix.Network.Bits;

    /// <summary>True of one station's address.</summary>
    public static bool MayList(MacAddress mac) => mac.Bits != 0 && (mac.Bits >> 40 & 1) == 0;

    public bool Equals(Licence? other) => other is not null && Addresses.SequenceEqual(other.Addresses) && Macs.SequenceEqual(other.Macs);

    public override int GetHashCode() => Macs.Aggregate(Addresses.Aggregate(Addresses.Length, HashCode.Combine), HashCode.Combine);

    public override string ToString() => string.Join(',', Addresses.Select(a => a.ToString()).Concat(Macs.Select(m => m.ToString())));
}
