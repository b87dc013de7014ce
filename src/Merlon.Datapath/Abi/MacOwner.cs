using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>Who is behind a MAC of a segment: <c>merlon_mac_owner</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MacOwner
{
    public uint Ifindex;
    public uint Vnic;
}
