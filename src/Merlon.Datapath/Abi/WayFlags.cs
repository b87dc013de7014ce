namespace Merlon.Datapath.Abi;

/// <summary>Bits of a port's way: <c>WAY_*</c>. Stored: only grows.</summary>
[Flags]
public enum WayFlags : ushort
{
    None = 0,
    /// <summary>The bridge is not to be passed by at this port.</summary>
    ByBridge = 1,
}
