using System.Runtime.InteropServices;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Abi;

/// <summary>Key of map <c>owners</c>: <c>merlon_owner_key</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OwnerKey(Address address, uint realm)
{
    public AddressBytes Address = AddressBytes.From(address);
    public uint Realm = realm;
}
