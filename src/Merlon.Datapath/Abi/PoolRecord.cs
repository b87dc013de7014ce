using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>What all VMs together hold of one connection table above their shares: <c>merlon_pool</c>, map <c>pools</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PoolRecord
{
    /// <summary>For a moment, while a VM's count moves on another CPU, below 0.</summary>
    public int Used;

    /// <summary>0 = no limit.</summary>
    public uint Limit;
}
