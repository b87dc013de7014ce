using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>A port that the short cut may use: <c>merlon_way</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct WayRecord
{
    /// <summary>0 = none.</summary>
    public uint Ifindex;
    public uint Incarnation;
    public uint Vnic;
    /// <summary>Ports of one number: the bridge forwards plain frames between them. 0 = none.</summary>
    public uint Domain;
    public ushort Segment;
    public ushort Mtu;
    public MacBytes Mac;
    private readonly ushort _pad;
    /// <summary>The program's: when a frame of this port last took the bridge.</summary>
    public uint BridgedMs;
}
