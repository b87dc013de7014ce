using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>Key of map <c>denies</c>: <c>merlon_deny_key</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DenyKey
{
    public AddressBytes Source, Destination;
    public uint Vnic;
    public ushort DestinationPort;
    public byte Proto;
    public Reason Reason;
    public uint Rule;
}
