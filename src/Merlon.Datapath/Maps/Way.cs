using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Maps;

/// <summary>A port that frames may leave or enter by the short cut.</summary>
/// <param name="Domain">Ports of one number: the bridge forwards plain frames between them; not 0.</param>
/// <param name="Mtu">Of the interface.</param>
public sealed record Way(int Ifindex, uint Incarnation, uint Vnic, ushort Segment, MacAddress Mac, uint Domain, int Mtu)
{
    public static Way Of(int ifindex, in PortRecord port, uint domain, int mtu) =>
        new(ifindex, port.Incarnation, port.Vnic, port.Segment, port.Mac.ToMac(), domain, mtu);

    internal WayRecord Record => new()
    {
        Ifindex = (uint)Ifindex,
        Incarnation = Incarnation,
        Vnic = Vnic,
        Domain = Domain,
        Segment = Segment,
        Mtu = (ushort)Math.Min(Mtu, ushort.MaxValue),
        Mac = MacBytes.From(Mac),
        // Long ago: the first frame takes the bridge.
        BridgedMs = BootClock.NowMs - int.MaxValue,
    };
}
