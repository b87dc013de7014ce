using Merlon.Contracts.Api;

namespace Merlon.Contracts;

/// <summary>Doctor's check that frames between two ports of a bridge do not pass the host's iptables as well
/// (br_netfilter; Linux Documentation/networking/ip-sysctl.rst, bridge-nf-call-*). The switches are per network namespace.</summary>
public static class BridgeNetfilter
{
    private static readonly string[] Filters = ["iptables", "ip6tables", "arptables"];

    /// <param name="read">Text of a file as this network namespace has it; null when it is not there.</param>
    public static DoctorCheck Check(Func<string, string?> read)
    {
        string[] on = [.. Filters.Where(f => read($"/proc/sys/net/bridge/bridge-nf-call-{f}")?.Trim() == "1")];
        return on.Length == 0
            ? new("br-netfilter", "ok", "bridged frames do not pass the host's iptables", null)
            : new("br-netfilter", "warning", $"bridged frames also pass the host's {string.Join(", ", on)}: they can drop what Merlon allows",
                "sysctl -w " + string.Join(' ', on.Select(f => $"net.bridge.bridge-nf-call-{f}=0")));
    }
}
