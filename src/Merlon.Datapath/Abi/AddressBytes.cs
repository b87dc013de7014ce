using System.Runtime.CompilerServices;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Abi;

/// <summary>Sixteen bytes in network order; IPv4 is IPv4-mapped.</summary>
[InlineArray(16)]
public struct AddressBytes
{
    private byte _first;

    public static AddressBytes From(Address address)
    {
        AddressBytes bytes = default;
        address.WriteMapped(bytes);
        return bytes;
    }

    public readonly Address ToAddress() => Address.FromBytes(this);
}
