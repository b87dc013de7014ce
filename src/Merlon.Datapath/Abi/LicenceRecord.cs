using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Abi;

/// <summary>What a vNIC may claim beside its own: <c>merlon_licence</c>, map <c>licences</c> by vNIC.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LicenceRecord
{
    public PrefixList Addresses;
    /// <summary>Each six bytes in memory's order, then 0.</summary>
    public MacList Macs;
    public uint AddressCount, MacCount;
    public uint Slot;
    private readonly uint _pad;

    /// <summary>At most <see cref="Licence.Most"/> of each.</summary>
    public static LicenceRecord Of(Licence licence, ushort slot)
    {
        var record = new LicenceRecord { AddressCount = (uint)licence.Addresses.Length, MacCount = (uint)licence.Macs.Length, Slot = slot };
        for (var i = 0; i < licence.Addresses.Length; i++) record.Addresses[i] = MaskedPrefix.Of(licence.Addresses[i]);
        for (var i = 0; i < licence.Macs.Length; i++) record.Macs[i] = BitConverter.ToUInt64([.. MacBytes.From(licence.Macs[i]), 0, 0]);
        return record;
    }

    public readonly Licence ToLicence()
    {
        var (addresses, macs) = (new List<Prefix>(), new List<MacAddress>());
        for (var i = 0; i < AddressCount; i++) addresses.Add(Addresses[i].ToPrefix());
        for (var i = 0; i < MacCount; i++) macs.Add(MemoryMarshal.Read<MacBytes>(BitConverter.GetBytes(Macs[i])).ToMac());
        return new([.. addresses], [.. macs]);
    }

    [InlineArray(Licence.Most)]
    public struct PrefixList
    {
        private MaskedPrefix _first;
    }

    [InlineArray(Licence.Most)]
    public struct MacList
    {
        private ulong _first;
    }

    /// <summary><c>merlon_prefix</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MaskedPrefix
    {
        public AddressBytes Network, Mask;

        public static MaskedPrefix Of(Prefix prefix)
        {
            var mask = new MaskedPrefix { Network = AddressBytes.From(prefix.Network) };
            var length = prefix.Length + 128 - prefix.Network.Width;
            for (var i = 0; i < 16; i++) mask.Mask[i] = (byte)(0xff00 >> Math.Clamp(length - 8 * i, 0, 8));
            return mask;
        }

        public readonly Prefix ToPrefix()
        {
            var (address, length) = (Network.ToAddress(), 0);
            foreach (var b in Mask) length += BitOperations.PopCount(b);
            return new(address, length - 128 + address.Width);
        }
    }
}
