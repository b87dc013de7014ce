using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>Names of packet texts: <c>web</c>, <c>web6</c>, <c>web-ll</c> (the link-local address of its MAC) for each VM of the
/// inventory and for <c>out</c> and <c>router</c>; <c>all</c> and <c>all6</c>; or an address: a group's is behind the group's MAC,
/// any other behind the router's.</summary>
internal sealed class Parties
{
    private static readonly MacAddress s_router = new(0x525400000099);
    private readonly Dictionary<string, Party> _known = new(StringComparer.Ordinal)
    {
        ["out"] = new(Address.Parse("192.0.2.7"), s_router),
        ["out6"] = new(Address.Parse("2001:db8::7"), s_router),
        ["router"] = new(Address.Parse("10.0.0.254"), s_router),
        ["router6"] = new(Address.Parse("fd00::fe"), s_router),
        ["router-ll"] = new(LinkLocal(s_router), s_router),
        ["all"] = new(Address.Parse("255.255.255.255"), new(0xffffffffffff)),
        ["all6"] = new(Address.Parse("ff02::1"), new(0x333300000001)),
        ["none"] = new(Address.Parse("0.0.0.0"), new(0)),
        ["none6"] = new(Address.Parse("::"), new(0)),
    };

    public Parties(InventoryDocument inventory)
    {
        foreach (var vm in inventory.Vms)
        {
            var nic = vm.Nics[0];
            _known[vm.Name] = new(nic.Addresses.First(a => a.Family == AddressFamily.IPv4), nic.Mac, vm.Name);
            _known[vm.Name + "6"] = new(nic.Addresses.First(a => a.Family == AddressFamily.IPv6), nic.Mac, vm.Name);
            _known[vm.Name + "-ll"] = new(LinkLocal(nic.Mac), nic.Mac, vm.Name);
        }
    }

    public Party this[string name] =>
        _known.TryGetValue(name, out var party) ? party
        : Address.TryParse(name, out var address) ? new(address, Behind(address))
        : throw new FormatException($"'{name}' is neither a name nor an address (names: {string.Join(", ", _known.Keys.Order(StringComparer.Ordinal))})");

    /// <summary>A MAC as such, or that of a name.</summary>
    public MacAddress Mac(string text) => MacAddress.TryParse(text, out var mac) ? mac : this[text].Mac;

    private static MacAddress Behind(Address address) => (address.Family, address.Bits) switch
    {
        (AddressFamily.IPv4, var b) when b >> 28 == 14 => new(0x01005e000000 | (ulong)(b & 0x7fffff)),
        (AddressFamily.IPv6, var b) when b >> 120 == 0xff => new(0x333300000000 | (ulong)(b & 0xffffffff)),
        _ => s_router,
    };

    private static Address LinkLocal(MacAddress mac)
    {
        var low = (mac.Bits >> 24 ^ 0x020000) << 40 | 0xfffeUL << 24 | mac.Bits & 0xffffff;
        return new((UInt128)0xfe80000000000000 << 64 | low, AddressFamily.IPv6);
    }
}
