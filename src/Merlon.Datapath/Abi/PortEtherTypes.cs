using System.Runtime.CompilerServices;

namespace Merlon.Datapath.Abi;

/// <summary>EtherTypes that pass a port unread; 0 = none.</summary>
[InlineArray(AbiLimits.PortEtherTypes)]
public struct PortEtherTypes
{
    private ushort _first;

    /// <summary>At most <see cref="AbiLimits.PortEtherTypes"/>.</summary>
    public static PortEtherTypes From(IReadOnlyList<int> types)
    {
        PortEtherTypes all = default;
        for (var i = 0; i < types.Count; i++) all[i] = (ushort)types[i];
        return all;
    }
}
