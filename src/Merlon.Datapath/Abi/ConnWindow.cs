using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>What one side of a TCP connection sent: <c>merlon_window</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ConnWindow
{
    public uint End;
    public uint MaxEnd;
    public uint MaxWin;
}
