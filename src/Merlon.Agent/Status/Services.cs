using System.Globalization;

namespace Merlon.Agent.Status;

/// <summary>A protocol and port in the words of the policy language.</summary>
internal static class Services
{
    public static string Text(byte protocol, int destinationPort) => protocol switch
    {
        6 => string.Create(CultureInfo.InvariantCulture, $"tcp/{destinationPort}"),
        17 => string.Create(CultureInfo.InvariantCulture, $"udp/{destinationPort}"),
        132 => string.Create(CultureInfo.InvariantCulture, $"sctp/{destinationPort}"),
        1 => "icmp",
        58 => "icmp6",
        _ => string.Create(CultureInfo.InvariantCulture, $"proto/{protocol}"),
    };
}
