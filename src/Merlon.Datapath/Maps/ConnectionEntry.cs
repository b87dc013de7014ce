using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Maps;

/// <summary>One live connection, seen from its initiator. Ports in host order; ICMP echo: both ports are the id.</summary>
/// <param name="Vlan">As in <see cref="ConnKey4"/>; 0 = untagged.</param>
/// <param name="Remaining">Until it expires if no packet comes.</param>
/// <param name="SourceVnic">0 = outside; known where the direction is not guarded too.</param>
/// <param name="Adopted">It ran before its VM was guarded.</param>
/// <param name="OutRule">Host rule id that approved it at the source; 0 = not judged here.</param>
public sealed record ConnectionEntry(
    ushort Segment, uint Vlan, byte Proto, Address Source, ushort SourcePort, Address Destination, ushort DestinationPort,
    ConnState State, bool HalfOpen, TimeSpan Remaining, ulong CreatedNs,
    uint SourceVnic, uint SourceEpoch, uint DestinationVnic, uint DestinationEpoch, uint OutRule, uint InRule,
    ulong PacketsOut, ulong PacketsBack, ulong BytesOut, ulong BytesBack, ushort Vm, ConnFlags Flags, bool Adopted)
{
    internal static ConnectionEntry From(
        ushort segment, uint vlan, byte proto, (Address Address, ushort Port) a, (Address Address, ushort Port) b, in ConnRecord value, bool half)
    {
        var initiator = (value.Flags & ConnFlags.InitiatorB) != 0 ? 1 : 0;
        var responder = 1 - initiator;
        var (source, destination) = initiator == 0 ? (a, b) : (b, a);
        return new(
            segment, vlan, proto, source.Address, source.Port, destination.Address, destination.Port,
            value.State, half, BootClock.Until(value.Expires), value.CreatedNs,
            value.Side[initiator].Vnic, value.Side[initiator].Epoch, value.Side[responder].Vnic, value.Side[responder].Epoch,
            value.Rule[0], value.Rule[1],
            value.Packets[initiator], value.Packets[responder], value.Bytes[initiator], value.Bytes[responder], value.Vm, value.Flags, value.Adopted != 0);
    }
}
