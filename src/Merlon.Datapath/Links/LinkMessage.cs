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
    private const int Address = 1, IfName = 3, Mtu = 4, Master = 10, TxQueueLength = 13, OperState = 16, LinkInfo = 18, InfoKind = 1, InfoData = 2, InfoSlaveKind = 4, InfoSlaveData = 5;

    // IFLA_BRPORT_* and IFLA_BR_* of linux/if_link.h; the ageing time is told in hundredths of a second.
    private const int PortState = 1, PortMode = 4, PortLearning = 8, PortIsolated = 33, PortLocked = 39, Forwarding = 3;
    private const int BridgeAgeing = 4, BridgeVlanFiltering = 7, BridgeNfFirst = 36, BridgeNfLast = 38;
    private const uint MinuteAgeing = 60 * 100;

    /// <summary>Null for a message that is no whole Ethernet-level link message (bridges also send AF_BRIDGE ones).</summary>
    public static Link? Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < InfoBytes || payload[0] != 0) return null;
        var attributes = NetlinkMessage.Attributes(payload[InfoBytes..]);
        if (!attributes.TryGetValue(IfName, out var name)) return null;
        var info = attributes.TryGetValue(LinkInfo, out var nested) ? NetlinkMessage.Attributes(nested) : [];
        return new(
            BinaryPrimitives.ReadInt32LittleEndian(payload[4..]), NetlinkMessage.Text(name), Mac(attributes.GetValueOrDefault(Address)),
            (int)Number(attributes.GetValueOrDefault(Master)), Kind(info, InfoKind),
            attributes.TryGetValue(OperState, out var state) && state.Length == 1 ? (LinkState)state[0] : LinkState.Unknown,
            Number(attributes.GetValueOrDefault(TxQueueLength)), (int)Number(attributes.GetValueOrDefault(Mtu)), Forwards(info), PlainBridge(info));
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

    private static string Kind(Dictionary<int, byte[]> info, int which) => info.TryGetValue(which, out var kind) ? NetlinkMessage.Text(kind) : "";

    private static bool Forwards(Dictionary<int, byte[]> info)
    {
        if (Kind(info, InfoSlaveKind) != "bridge" || !info.TryGetValue(InfoSlaveData, out var data)) return false;
        var port = NetlinkMessage.Attributes(data);
        return Byte(port, PortState) == Forwarding && Byte(port, PortLearning) == 1 && Byte(port, PortMode) == 0 && Byte(port, PortIsolated) == 0 && Byte(port, PortLocked) == 0;
    }

    private static bool PlainBridge(Dictionary<int, byte[]> info)
    {
        if (Kind(info, InfoKind) != "bridge" || !info.TryGetValue(InfoData, out var data)) return false;
        var bridge = NetlinkMessage.Attributes(data);
        return Byte(bridge, BridgeVlanFiltering) == 0 && Number(bridge.GetValueOrDefault(BridgeAgeing)) >= MinuteAgeing
            && Enumerable.Range(BridgeNfFirst, BridgeNfLast - BridgeNfFirst + 1).All(filter => Byte(bridge, filter) == 0);
    }

    // What this kernel does not tell, it does not have.
    private static byte Byte(Dictionary<int, byte[]> attributes, int which) => attributes.TryGetValue(which, out var one) && one.Length == 1 ? one[0] : (byte)0;
}
