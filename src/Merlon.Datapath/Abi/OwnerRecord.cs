using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>Which vNIC an address of a realm belongs to: <c>merlon_owner</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OwnerRecord
{
    public uint Vnic;
}
