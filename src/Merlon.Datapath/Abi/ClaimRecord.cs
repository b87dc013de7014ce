using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>An address that the VM of a port which learns begins to use: <c>merlon_claim</c>, ring <c>claims</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ClaimRecord
{
    /// <summary>Boot clock.</summary>
    public ulong TimeNs;
    public uint Vnic;
    /// <summary>How much of <see cref="Options"/> is there.</summary>
    public ushort Length;
    public ClaimHow How;
    /// <summary>1 = the answer has more options than are here.</summary>
    public byte Cut;
    /// <summary>None where <see cref="How"/> is <see cref="ClaimHow.Dhcp6"/>.</summary>
    public AddressBytes Address;
    public Bytes Options;

    /// <summary>Options of a DHCP answer. What stands behind <see cref="Length"/> is older than it.</summary>
    [InlineArray(AbiLimits.ClaimBytes)]
    public struct Bytes
    {
        private byte _first;
    }
}
