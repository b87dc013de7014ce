using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>Denies counted since the last record of a key: <c>merlon_deny</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DenyRecord
{
    public ulong Packets, Bytes;
    public ulong FirstNs, LastNs;
    public uint PeerVnic;
    public ushort Segment;
    public ushort SourcePort;
    public EventFlags Flags;
    public byte Verdict;
    private readonly byte _pad0, _pad1;
    public uint Life;
}
