using System.Runtime.CompilerServices;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Abi;

/// <summary>Six bytes in wire order, as abi.h stores a MAC address.</summary>
[InlineArray(6)]
public struct MacBytes
{
    private byte _first;

    public static MacBytes From(MacAddress mac)
    {
        MacBytes bytes = default;
        mac.Write(bytes);
        return bytes;
    }

    public readonly MacAddress ToMac()
    {
        ulong bits = 0;
        foreach (var b in this) bits = bits << 8 | b;
        return new(bits);
    }
}
