using System.Runtime.InteropServices;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Datapath.Abi;

/// <summary>One attached interface: <c>merlon_port</c>, map <c>ports</c> by ifindex.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PortRecord
{
    /// <summary>Unique for ever within an instance; 0 = none.</summary>
    public uint Vnic;
    /// <summary>Of the port: ifindexes are reused.</summary>
    public uint Incarnation;
    public ushort Slot;
    /// <summary>Of a port with VLANs: its own, no other port's.</summary>
    public ushort Segment;
    public ushort Realm;
    public ushort Vm;
    public MacBytes Mac;
    public PortFlags Flags;
    public byte SpoofMac, SpoofIpv4, SpoofIpv6, SpoofArp, SpoofNd, SpoofDhcp, SpoofRa;
    /// <summary>0 = none.</summary>
    public PortEtherTypes EtherTypes;
    public PortVlans Vlans;
    /// <summary>1 = its VM has not spoken here yet, so it may run elsewhere. The program clears it.</summary>
    public byte Awaited;
    private readonly byte _pad;

    /// <summary>What a Guard says of a port with this MAC; who it is and where is the caller's to add.</summary>
    public static PortRecord Of(MacAddress mac, NicGuard guard) => new()
    {
        Mac = MacBytes.From(mac),
        Flags = (guard.Learn.HasFlag(LearnBy.Dhcp) ? PortFlags.LearnDhcp : 0) | (guard.Learn.HasFlag(LearnBy.Arp) ? PortFlags.LearnArp : 0),
        SpoofMac = (byte)guard.AntiSpoof.Mac,
        SpoofIpv4 = (byte)guard.AntiSpoof.Ipv4,
        SpoofIpv6 = (byte)guard.AntiSpoof.Ipv6,
        SpoofArp = (byte)guard.AntiSpoof.Arp,
        SpoofNd = (byte)guard.AntiSpoof.Nd,
        SpoofDhcp = (byte)guard.AntiSpoof.DhcpServer,
        SpoofRa = (byte)guard.AntiSpoof.Ra,
        EtherTypes = PortEtherTypes.From(guard.Frames.EtherTypes),
        Vlans = PortVlans.From(guard.Frames.Vlans),
    };
}
