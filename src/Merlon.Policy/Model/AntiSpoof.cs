namespace Merlon.Policy.Model;

/// <summary>The antiSpoof checks of one vNIC.</summary>
public sealed record AntiSpoof(
    SpoofCheck Mac, SpoofCheck Ipv4, SpoofCheck Ipv6, SpoofCheck Arp, SpoofCheck Nd, SpoofCheck DhcpServer, SpoofCheck Ra)
{
    public static AntiSpoof Default { get; } = new(SpoofCheck.Enforce, SpoofCheck.Enforce, SpoofCheck.Enforce,
        SpoofCheck.Enforce, SpoofCheck.Enforce, SpoofCheck.Enforce, SpoofCheck.Enforce);
}
