namespace Merlon.Policy.Model;

/// <summary>The protocols that have names in the language.</summary>
public static class Protocols
{
    public const int Icmp = 1;
    public const int Igmp = 2;
    public const int Tcp = 6;
    public const int Udp = 17;
    public const int Icmp6 = 58;
    public const int Sctp = 132;

    private static readonly (string Name, int Number)[] Known = [("icmp", Icmp), ("tcp", Tcp), ("udp", Udp), ("icmp6", Icmp6), ("sctp", Sctp)];

    public static int Number(string name) => Known.First(k => k.Name == name).Number;

    /// <summary>tcp, udp, sctp, icmp, icmp6, else <c>proto/N</c>.</summary>
    public static string Name(int number) => Known.FirstOrDefault(k => k.Number == number).Name ?? FormattableString.Invariant($"proto/{number}");

    public static bool HasPorts(int number) => number is Tcp or Udp or Sctp;

    public static bool IsIcmp(int number) => number is Icmp or Icmp6;
}
