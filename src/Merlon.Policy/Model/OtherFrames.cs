using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>What a vNIC may send and get beside untagged IPv4, IPv6 and ARP.</summary>
/// <param name="Vlans">It may tag with, ascending and apart; at most <see cref="MostVlans"/>.</param>
/// <param name="EtherTypes">That pass unread, ascending; at most <see cref="MostEtherTypes"/>.</param>
public sealed record OtherFrames(ImmutableArray<VlanRange> Vlans, ImmutableArray<int> EtherTypes)
{
    /// <summary>MERLON_PORT_VLANS and MERLON_PORT_ETHER_TYPES of datapath/abi.h.</summary>
    public const int MostVlans = 8, MostEtherTypes = 8;

    public static OtherFrames None { get; } = new([], []);

    /// <summary>Its tags may be another network's than its port's: conversations on it are kept apart from those of other ports.</summary>
    public bool IsTrunk => !Vlans.IsEmpty;

    public bool Equals(OtherFrames? other) => other is not null && Vlans.SequenceEqual(other.Vlans) && EtherTypes.SequenceEqual(other.EtherTypes);

    public override int GetHashCode() => EtherTypes.Aggregate(Vlans.Aggregate(Vlans.Length, HashCode.Combine), HashCode.Combine);

    /// <summary>True of a type that may pass unread: no length (IEEE 802.3), none that is judged by what is inside it, no tag of any maker.</summary>
    public static bool MayList(int etherType) =>
        etherType is >= 0x600 and <= 0xffff and not (0x0800 or 0x0806 or 0x86dd or 0x8100 or 0x88a8 or 0x9100 or 0x9200 or 0x9300);
}
