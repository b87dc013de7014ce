namespace Merlon.Policy.Model;

/// <summary>What a VM may do in a second, and at once after a second of silence; 0 = as much as it likes.</summary>
/// <param name="Connections">Connections that it opens, or that are opened to it from outside.</param>
/// <param name="Icmp">ICMP packets that it sends, neighbour discovery apart.</param>
/// <param name="Neighbours">ARP and neighbour discovery that it sends.</param>
public sealed record Rates(int Connections, int Icmp, int Neighbours)
{
    public const int Most = 1_000_000;

    public static Rates None { get; } = new(0, 0, 0);

    /// <summary>The more generous of two, each for itself.</summary>
    public Rates Or(Rates other) => new(Larger(Connections, other.Connections), Larger(Icmp, other.Icmp), Larger(Neighbours, other.Neighbours));

    private static int Larger(int a, int b) => a == 0 || b == 0 ? 0 : Math.Max(a, b);
}
