using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Abi;

/// <summary>Ranges of VLANs that a vNIC may tag with: <c>merlon_vlans</c>; 0-0 = none.</summary>
[InlineArray(AbiLimits.PortVlans)]
public struct PortVlans
{
    private Range _first;

    /// <summary>At most <see cref="AbiLimits.PortVlans"/>.</summary>
    public static PortVlans From(IReadOnlyList<VlanRange> vlans)
    {
        PortVlans all = default;
        for (var i = 0; i < vlans.Count; i++) all[i] = new() { Low = (ushort)vlans[i].Low, High = (ushort)vlans[i].High };
        return all;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Range
    {
        public ushort Low, High;
    }
}
