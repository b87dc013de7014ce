using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>Traffic that policy has no say in, or only at one of its ends.</summary>
internal static class FixedServices
{
    /// <summary>Told apart from all others: what built-in rules name, and ICMP that opens nothing.</summary>
    public static ImmutableArray<ServiceMatch> Edges { get; } =
    [
        new(Protocols.Igmp, 0, 65535, 0, 65535),
        Types(Protocols.Icmp6, 130, 130), Types(Protocols.Icmp6, 131, 132), Types(Protocols.Icmp6, 133, 137), Types(Protocols.Icmp6, 143, 143),
        Udp(68, 67), Udp(67, 68), Udp(546, 547), Udp(547, 546),
        .. Answers,
    ];

    /// <summary>Errors pass with the connection they are about, echo replies with their request: no rule decides about either.</summary>
    private static ServiceMatch[] Answers =>
    [
        new(Protocols.Icmp, 0, 0, 0, 65535), Types(Protocols.Icmp, 3, 5), Types(Protocols.Icmp, 11, 12),
        Types(Protocols.Icmp6, 0, 127), new(Protocols.Icmp6, 129 << 8, 129 << 8, 0, 65535),
    ];

    public static bool IsAnswer(int protocol, int destinationPort) => Answers.Any(a => a.Matches(protocol, destinationPort, 0));

    private static ServiceMatch Types(int protocol, int low, int high) => new(protocol, low << 8, high << 8 | 255, 0, 65535);

    private static ServiceMatch Udp(int source, int destination) => new(Protocols.Udp, destination, destination, source, source);
}
