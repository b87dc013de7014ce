using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>How the vNICs of a Guard come to addresses that nobody declared.</summary>
/// <param name="By">DHCP: answers to what the VM asked; ARP: what it speaks for first, in ARP and neighbour discovery.</param>
/// <param name="Within">Only these; empty = any that can be somebody's own.</param>
/// <param name="Except">Of them.</param>
public sealed record Learning(LearnBy By, ImmutableArray<Prefix> Within, ImmutableArray<Prefix> Except)
{
    public static Learning None { get; } = new(LearnBy.None, [], []);

    public bool Takes(LearnBy by, Address address) =>
        By.HasFlag(by) && (Within.IsEmpty || Within.Any(p => p.Contains(address))) && !Within.Any(p => IsEdge(p, address)) && !Except.Any(p => p.Contains(address));

    // A network's own address and, of IPv4, its broadcast: nobody's. RFC 3021 and RFC 6164 have neither in the smallest.
    private static bool IsEdge(Prefix network, Address address) => network.Length < address.Width - 1 && network.Contains(address)
        && (address == network.Network || address.Family == AddressFamily.IPv4 && !network.Contains(address with { Bits = address.Bits + 1 }));
}
