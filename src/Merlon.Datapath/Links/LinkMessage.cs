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
    private const int Address = 1, IfName = 3, Mtu = 4, Master = 10, TxQueueLength = 13, OperState = 16, LinkInfo = 18, ExtMask = 29, InfoKind = 1, InfoData = 2, InfoSlaveKind = 4, InfoSlaveData = 5;

    // IFLA_BRPORT_* and IFLA_BR_* of linux/if_link.h; the ageing time is told in hundredths of a second.
    private const int PortState = 1, PortMode = 4, PortLearning = 8, PortIsolated = 33, PortLocked = 39, Forwarding = 3;
    private const int BridgeAgeing = 4, BridgeVlanFiltering = 7, BridgeNfFirst = 36, BridgeNfLast = 38;
    private const uint MinuteAgeing = 60 * 100, SkipStatistics = 8; // RTEXT_FILTER_SKIP_STATS

    /// <summary>Null for a message that is no whole Ethernet-level link message (bridges also send AF_BRIDGE ones).</summary>
    public static Link? Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < InfoBytes || payload[0] != 0) return null;
        var attributes = payload[InfoBytes..];
        var name = NetlinkMessage.Find(attributes, IfName);
        if (name.IsEmpty) return null;
        var info = NetlinkMessage.Find(attributes, LinkInfo);
        return new(
            BinaryPrimitives.ReadInt32LittleEndian(payload[4..]), NetlinkMessage.Text(name), Mac(NetlinkMessage.Find(attributes, Address)),
            (int)Number(attributes, Master), NetlinkMessage.Text(NetlinkMessage.Find(info, InfoKind)),
            NetlinkMessage.Find(attributes, OperState) is [var state] ? (LinkState)state : LinkState.Unknown,
            Number(attributes, TxQueueLength), (int)Number(attributes, Mtu), Forwards(info), Kind(info));
    }

    /// <summary>All interfaces, without their statistics.</summary>
    public static NetlinkMessage List() => Request(Get, NetlinkMessage.Dump, 0).Add(ExtMask, SkipStatistics);

    public static NetlinkMessage SetTransmitQueue(int ifindex, uint length) => Request(New, NetlinkMessage.Acknowledge, ifindex).Add(TxQueueLength, length);

    public static NetlinkMessage Request(ushort type, ushort flags, int ifindex)
    {
        Span<byte> info = stackalloc byte[InfoBytes];
        info.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(info[4..], ifindex);
        return new(type, flags, info);
    }

    private static MacAddress? Mac(ReadOnlySpan<byte> six) => six.Length == 6 ? MemoryMarshal.Read<Abi.MacBytes>(six).ToMac() : null;

    // What this kernel does not tell, it does not have.
    private static uint Number(ReadOnlySpan<byte> attributes, int which) =>
        NetlinkMessage.Find(attributes, which) is { Length: 4 } four ? BinaryPrimitives.ReadUInt32LittleEndian(four) : 0;

    private static byte Byte(ReadOnlySpan<byte> attributes, int which) => NetlinkMessage.Find(attributes, which) is [var one] ? one : (byte)0;

    private static bool IsBridge(ReadOnlySpan<byte> info, int kind) => NetlinkMessage.Find(info, kind).TrimEnd((byte)0).SequenceEqual("bridge"u8);

    private static bool Forwards(ReadOnlySpan<byte> info)
    {
        if (!IsBridge(info, InfoSlaveKind)) return false;
        var port = NetlinkMessage.Find(info, InfoSlaveData);
        return Byte(port, PortState) == Forwarding && Byte(port, PortLearning) == 1 && Byte(port, PortMode) == 0 && Byte(port, PortIsolated) == 0 && Byte(port, PortLocked) == 0;
    }

    private static BridgeKind Kind(ReadOnlySpan<byte> info)
    {
        if (!IsBridge(info, InfoKind)) return BridgeKind.None;
        var bridge = NetlinkMessage.Find(info, InfoData);
        for (var filter = BridgeNfFirst; filter <= BridgeNfLast; filter++)
            if (Byte(bridge, filter) != 0) return BridgeKind.Filtering;
        return Byte(bridge, BridgeVlanFiltering) == 0 && Number(bridge, BridgeAgeing) >= MinuteAgeing ? BridgeKind.Plain : BridgeKind.Sorting;
    }
}
