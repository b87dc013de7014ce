using System.Runtime.InteropServices;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Abi;

/// <summary>Key of map <c>macs</c>: <c>merlon_mac_key</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MacKey(MacAddress mac, ushort segment)
{
    public MacBytes Mac = MacBytes.From(mac);
    public ushort Segment = segment;
}
