namespace Merlon.Policy.Model;

/// <summary>The rules nobody writes (datapath/builtin.h): they allow, before any policy is asked.</summary>
public static class BuiltinRules
{
    /// <summary>Name of the built-in rule that allows a packet at a vNIC: nd, group, dhcp; null = none. ARP is no IP packet.</summary>
    public static string? Of(Address destination, int protocol, int destinationPort, int sourcePort, Direction direction)
    {
        var input = direction == Direction.In;
        var type = destinationPort >> 8;
        if (protocol == Protocols.Icmp6 && type is >= 133 and <= 137) return "nd";
        // Group reports leave; queries come in only. What kind of IGMP it is, policy does not see: the kernel stops queries that leave.
        var report = protocol == Protocols.Igmp || (protocol == Protocols.Icmp6 && (type is 131 or 132 or 143 || (input && type == 130)));
        if (report && IsGroup(destination)) return "group";
        var (client, server) = destination.Family == AddressFamily.IPv4 ? (68, 67) : (546, 547);
        var (wantedSource, wantedDestination) = input ? (server, client) : (client, server);
        return protocol == Protocols.Udp && sourcePort == wantedSource && destinationPort == wantedDestination ? "dhcp" : null;
    }

    private static bool IsGroup(Address address) =>
        address.Family == AddressFamily.IPv4 ? (uint)address.Bits >> 28 == 0xe : address.Bits >> 120 == 0xff;
}
