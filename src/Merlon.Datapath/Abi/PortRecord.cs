using System.Runtime.InteropServices;

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
    public ushort Segment;
    public ushort Realm;
    public ushort Vm;
    public MacBytes Mac;
    public PortFlags Flags;
    public byte SpoofMac, SpoofIpv4, SpoofIpv6, SpoofArp, SpoofNd, SpoofDhcp, SpoofRa;
    private readonly byte _pad0, _pad1, _pad2;


}
