using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>A port whose from_vm may judge for the other's to_vm: <c>merlon_way</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct WayRecord
{
    /// <summary>0 = none.</summary>
    public uint Ifindex;
    public uint Incarnation;
    public uint Vnic;
    /// <summary>Ports of one number: one bridge carries frames between them, and no filter but its own looks at them. 0 = none.</summary>
    public uint Domain;
    public ushort Segment;
    public ushort Mtu;
    public MacBytes Mac;
    public WayFlags Flags;
    /// <summary>The program's: when a frame of this port last took the bridge.</summary>
    public uint BridgedMs;
}
