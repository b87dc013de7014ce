using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>One endpoint's guard: <c>merlon_side</c>. vNIC 0 = outside; epoch 0 = not approved.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ConnSide
{
    public uint Vnic;
    public uint Epoch;
}
