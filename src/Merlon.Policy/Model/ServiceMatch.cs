namespace Merlon.Policy.Model;

/// <summary>One resolved service: a protocol and, where it has them, inclusive ranges.</summary>
/// <param name="Protocol">IP protocol number (6 tcp, 17 udp, 132 sctp, 1 icmp, 58 icmp6), or -1 for any.</param>
/// <param name="Low">Lowest destination port; for ICMP type &lt;&lt; 8 | code. 0 where the protocol has none.</param>
/// <param name="High">Highest, inclusive; 65535 for all.</param>
/// <param name="SourceLow">Lowest source port (tcp, udp, sctp only).</param>
/// <param name="SourceHigh">Highest source port, inclusive.</param>
public readonly record struct ServiceMatch(int Protocol, int Low, int High, int SourceLow, int SourceHigh) : IComparable<ServiceMatch>
{
    public static ServiceMatch Any { get; } = new(-1, 0, 65535, 0, 65535);

    public bool Matches(int protocol, int destination, int source) =>
        (Protocol < 0 || Protocol == protocol)
        && destination >= Low && destination <= High && source >= SourceLow && source <= SourceHigh;

    public int CompareTo(ServiceMatch other)
    {
        var c = Protocol.CompareTo(other.Protocol);
        if (c == 0) c = Low.CompareTo(other.Low);
        if (c == 0) c = High.CompareTo(other.High);
        if (c == 0) c = SourceLow.CompareTo(other.SourceLow);
        return c != 0 ? c : SourceHigh.CompareTo(other.SourceHigh);
    }
}
