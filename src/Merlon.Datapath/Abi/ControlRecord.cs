using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>The one record of map <c>control</c>: <c>merlon_control</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ControlRecord
{
    public uint Generation;
    public uint Topology;
    public ControlFlags Flags;
    public uint Abi;
    /// <summary>Monotonic clock.</summary>
    public ulong LeaseNs;
    public uint BootMs;
    private readonly uint _pad;
}
