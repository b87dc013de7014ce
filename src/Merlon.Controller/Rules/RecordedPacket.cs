using Merlon.Contracts.Api;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>The first packet of a connection or flow that an agent told of.</summary>
internal static class RecordedPacket
{
    private const int Echo4 = 8 << 8;
    private const int Echo6 = 128 << 8;

    /// <summary>Null when it cannot be asked about. Of ICMP without a type the request is meant.</summary>
    public static FlowQuestion? Of(VmInventory vms, FlowEndRecord from, FlowEndRecord to, string service, long at)
    {
        if (ServiceText.Parse(service, default, out _) is not { Name: null, Match: var match }) return null;
        if (End(vms, from) is not { } source || End(vms, to) is not { } destination) return null;
        var port = match is { Low: 0, High: 65535 } ? match.Protocol switch { Protocols.Icmp => Echo4, Protocols.Icmp6 => Echo6, _ => 0 } : match.Low;
        return new(source, destination, match.Protocol, port, Protocols.HasPorts(match.Protocol) ? from.Port ?? 0 : 0, at);
    }

    public static bool Passes(FlowVerdict flow) => flow.Verdict is Verdict.Allow or Verdict.WouldDeny;

    private static EndpointRef? End(VmInventory vms, FlowEndRecord end) => !Address.TryParse(end.Address, out var address) ? null
        : new(end.VmUuid is { } uuid && end.Nic is { } nic && vms.Find(new(uuid, nic)) is not null ? new NicKey(uuid, nic) : null, address);
}
