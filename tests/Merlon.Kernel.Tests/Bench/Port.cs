using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>A guarded vNIC of the test: its record as it stands in the kernel.</summary>
public sealed record Port(NicKey Key, string Vm, int Ifindex, MacAddress Mac, Address[] Addresses, PortRecord Record)
{
    public Address V4 => Addresses.First(a => a.Family == AddressFamily.IPv4);

    public Address V6 => Addresses.First(a => a.Family == AddressFamily.IPv6);

    /// <summary>fe80:: with the EUI-64 of the MAC.</summary>
    public Address LinkLocal
    {
        get
        {
            var m = Mac.Bits;
            var low = (m >> 24 ^ 0x020000) << 40 | 0xfffeUL << 24 | m & 0xffffff;
            return new((UInt128)0xfe80000000000000 << 64 | low, AddressFamily.IPv6);
        }
    }
}
