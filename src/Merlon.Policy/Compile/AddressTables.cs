using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>Address → class of every realm, in the making. Wider prefixes must be set before those inside them.</summary>
internal sealed class AddressTables
{
    public AddressTables(int realms) => Tables4 = [.. Enumerable.Range(0, realms).Select(_ => new AddressTable4(Chunks4))];

    public ImmutableArray<AddressTable4> Tables4 { get; }

    public List<ulong[]> Chunks4 { get; } = [];

    public AddressTable6 Table6 { get; } = new();

    public void Set(int realm, Prefix prefix, uint number)
    {
        if (prefix.Family == AddressFamily.IPv4) Tables4[realm].Set((uint)prefix.Network.Bits, prefix.Length, number);
        else Table6.Set(realm, prefix, number);
    }
}
