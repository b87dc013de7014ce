namespace Merlon.Policy.Model;

/// <summary>The antiSpoof checks of one vNIC.</summary>
public sealed record AntiSpoof(
    SpoofCheck Mac, SpoofCheck Ipv4, SpoofCheck Ipv6, SpoofCheck Arp, SpoofCheck Nd, SpoofCheck DhcpServer, SpoofCheck Ra)
{
    public static AntiSpoof Default { get; } = All(SpoofCheck.Enforce);

    /// <summary>What a Guard asks that does not say it, the same of every check: one that observes drops nothing for that either.</summary>
    public static AntiSpoof Of(Enforcement mode) => mode == Enforcement.Observe ? All(SpoofCheck.Observe) : Default;

    /// <summary>What is no spoof, though it is not the vNIC's own.</summary>
    public Licence Licence { get; init; } = Licence.None;

    private static AntiSpoof All(SpoofCheck check) => new(check, check, check, check, check, check, check);
}
