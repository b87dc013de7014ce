using System.Net;

namespace Merlon.Hosts.Tests.Flows;

/// <summary>What is counted together: packets from one VM to another, of one family and service, in one direction.</summary>
/// <param name="Port">The service's; 0 for ICMP.</param>
/// <param name="Reply">From the service to the one who asked.</param>
public readonly record struct Way(string From, string To, bool V6, int Proto, int Port, bool Reply)
{
    public const int Icmp = 1, Tcp = 6, Udp = 17, Icmp6 = 58;

    /// <summary>The way of a packet by its two ports, of which one is a service's.</summary>
    public static Way Of(string from, string to, IPAddress address, int proto, int sourcePort, int destinationPort, IReadOnlySet<int> services) =>
        new(from, to, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6, proto,
            services.Contains(destinationPort) ? destinationPort : sourcePort, !services.Contains(destinationPort));
}
