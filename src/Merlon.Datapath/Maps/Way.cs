using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Maps;

/// <summary>A port that judges once: frames that leave it are judged for the other port of their way too.</summary>
/// <param name="Domain">Ports of one number: one bridge carries frames between them, and no filter but its own looks at them; not 0.</param>
/// <param name="Mtu">Of the interface.</param>
/// <param name="ByBridge">Frames that leave or enter it take no short cut.</param>
public sealed record Way(int Ifindex, uint Incarnation, uint Vnic, ushort Segment, MacAddress Mac, uint Domain, int Mtu, bool ByBridge = false)
{
    public static Way Of(int ifindex, in PortRecord port, uint domain, int mtu, bool byBridge = false) =>
        new(ifindex, port.Incarnation, port.Vnic, port.Segment, port.Mac.ToMac(), domain, mtu, byBridge);

    internal WayRecord Record => new()
    {
        Ifindex = (uint)Ifindex,
        Incarnation = Incarnation,
        Vnic = Vnic,
        Domain = Domain,
        Segment = Segment,
        Mtu = (ushort)Math.Min(Mtu, ushort.MaxValue),
        Mac = MacBytes.From(Mac),
        Flags = ByBridge ? WayFlags.ByBridge : WayFlags.None,
        // Long ago: the first frame takes the bridge.
        BridgedMs = BootClock.NowMs - int.MaxValue,
    };
}
