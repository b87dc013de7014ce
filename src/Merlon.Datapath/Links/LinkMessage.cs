using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Merlon.Datapath.Native;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Links;

/// <summary>RTM_NEWLINK and RTM_DELLINK: struct ifinfomsg and the IFLA_* attributes that Merlon reads.</summary>
internal static class LinkMessage
{
    public const ushort New = 16, Deleted = 17, Get = 18;
    private const int InfoBytes = 16;
    private const int Address = 1, IfName = 3, Master = 10, TxQueueLength = 13, OperState = 16, LinkInfo = 18, InfoKind = 1;

    /// <summary>Null for a message that is no whole Ethernet-level link message (bridges also send AF_BRIDGE ones).</summary>
    public static Link? Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < InfoBytes || payload[0] != 0) return null;
        var attributes = NetlinkMessage.Attributes(payload[InfoBytes..]);
        if (!attributes.TryGetValue(IfName, out var name)) return null;
        return new(
            BinaryPrimitives.ReadInt32LittleEndian(payload[4..]), NetlinkMessage.Text(name), Mac(attributes.GetValueOrDefault(Address)),
            (int)Number(attributes.GetValueOrDefault(Master)), Kind(attributes.GetValueOrDefault(LinkInfo)),
            attributes.TryGetValue(OperState, out var state) && state.Length == 1 ? (LinkState)state[0] : LinkState.Unknown,
            Number(attributes.GetValueOrDefault(TxQueueLength)));
    }

    public static NetlinkMessage SetTransmitQueue(int ifindex, uint length) => Request(New, NetlinkMessage.Acknowledge, ifindex).Add(TxQueueLength, length);

    public static NetlinkMessage Request(ushort type, ushort flags, int ifindex)
    {
        Span<byte> info = stackalloc byte[InfoBytes];
        info.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(info[4..], ifindex);
        return new(type, flags, info);
    }

    private static MacAddress? Mac(byte[]? six) => six is { Length: 6 } ? MemoryMarshal.Read<Abi.MacBytes>(six).ToMac() : null;

    private static uint Number(byte[]? four) => four is { Length: 4 } ? BinaryPrimitives.ReadUInt32LittleEndian(four) : 0;

    private static string Kind(byte[]? nested) =>
        nested is not null && NetlinkMessage.Attributes(nested).TryGetValue(InfoKind, out var kind) ? NetlinkMessage.Text(kind) : "";
}
