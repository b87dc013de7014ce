using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>Key of maps <c>conn4</c> and <c>half4</c>: <c>merlon_key4</c>. Addresses and ports in network order.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ConnKey4
{
    public ushort Segment;
    public byte Proto;
    private readonly byte _pad;
    /// <summary>The outer tag's number, the inner one's &lt;&lt; 16, each with <see cref="AbiLimits.VlanService"/> where it is a service tag; 0 = untagged.</summary>
    public uint Vlan;
    public uint AddrA, AddrB;
    public ushort PortA, PortB;
}
