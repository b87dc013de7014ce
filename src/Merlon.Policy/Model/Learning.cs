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
        By.HasFlag(by) && (Within.IsEmpty || Within.Any(p => p.Contains(address))) && !Except.Any(p => p.Contains(address));
}
